"""The recipes of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from separation_engine.models.catalogue import KNOWN_MODELS, read_rows
from separation_engine.recipes.recipe import Recipe, parse_recipe


@cache
def known_recipes() -> Mapping[str, Recipe]:
    """By name. Raises InvalidRecipeError."""
    stems = {model.name: model.stems for model in KNOWN_MODELS.values()}
    return {recipe.name: recipe for recipe in (parse_recipe(row, stems) for row in read_rows("recipes"))}


def relative_cost(recipe: Recipe) -> float | None:
    """Time per second of song, where htdemucs is 1; None if a model is not in the catalogue."""
    known = {name: model for name, model in KNOWN_MODELS.items() if name in recipe.models}
    if len(known) < len(recipe.models):
        return None
    return sum(known[node.model].cost_of(node.stems) for node in recipe.nodes)
