"""Recipes: models that are made of other models, as data."""
