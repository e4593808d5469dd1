"""Measures of the engine that take too long, or too much of the machine, for a test."""
