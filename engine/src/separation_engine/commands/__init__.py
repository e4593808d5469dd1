"""The commands of `python -m separation_engine`."""
