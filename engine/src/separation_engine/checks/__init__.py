"""Checks that a network computes what it should before it takes work."""
