"""What one can ask for: a model, or a recipe."""

from __future__ import annotations

from dataclasses import dataclass

from separation_engine.models.folder import ModelFolder
from separation_engine.models.installed_recipe import InstalledRecipe
from separation_engine.networks.bag import Weights


@dataclass(frozen=True)
class Offer:
    """Something installed that makes stems.

    weights: of its networks. overlap: of segments, if nobody asks for another. sample_rate: in Hz.
    folders: of its models.
    """

    name: str
    stems: tuple[str, ...]
    weights: Weights
    overlap: float
    sample_rate: int
    folders: tuple[ModelFolder, ...]


def offer_of(found: ModelFolder | InstalledRecipe) -> Offer:
    if isinstance(found, InstalledRecipe):
        recipe = found.recipe
        folders = tuple(found.folders.values())
        return Offer(recipe.name, recipe.stems, found.weights, recipe.overlap, found.sample_rate, folders)
    settings = found.settings[0]
    overlap = settings.architecture.cutting.overlap
    return Offer(found.name, found.sources, found.weights, overlap, settings.sample_rate, (found,))
