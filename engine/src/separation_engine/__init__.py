"""Separates songs into stems with Demucs models, as a resident engine or from the command line."""

__version__ = "0.1.0"
