"""Hooks for tests only. Wheels and images leave this folder out."""
