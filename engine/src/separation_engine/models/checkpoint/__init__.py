"""Reads the checkpoints of PyTorch without PyTorch, and without running anything that is in them."""
