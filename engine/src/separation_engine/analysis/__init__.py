"""Describes a separated song: tempo, beats, key, tuning and loudness, with NumPy alone."""
