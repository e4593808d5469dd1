"""The resident engine: protocol, scheduler and loaded models."""
