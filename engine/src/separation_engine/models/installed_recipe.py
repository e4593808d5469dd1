"""A recipe whose models are installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from separation_engine.common.errors import InvalidRecipeError
from separation_engine.models.catalogue import KNOWN_MODELS
from separation_engine.models.folder import ModelFolder
from separation_engine.networks.bag import Weights
from separation_engine.recipes.recipe import Node, Recipe, check_stems


@dataclass(frozen=True)
class InstalledRecipe:
    """folders: model name -> its folder, for every node."""

    recipe: Recipe
    folders: Mapping[str, ModelFolder]

    def __post_init__(self) -> None:
        for node in self.recipe.nodes:
            check_stems(node, self.folders[node.model].sources)
        if len(rates := {folder.settings[0].sample_rate for folder in self.folders.values()}) > 1:
            raise InvalidRecipeError(
                f"the models of {self.recipe.name} have different sample rates: "
                f"{', '.join(map(str, sorted(rates)))} Hz"
            )

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return next(iter(self.folders.values())).settings[0].sample_rate

    @property
    def weights(self) -> Weights:
        """Of the networks that its nodes run, each once."""
        used: dict[str, str] = {}
        for node in self.recipe.nodes:
            weights = self.folders[node.model].weights
            used.update({weights.signatures[index]: weights.hashes[index] for index in self.networks(node)})
        return Weights(tuple(used), tuple(used.values()))

    def cost(self, node: Node) -> int:
        """Work for a sample of the node's networks, in hundredths of htdemucs', which is also the guess."""
        known = KNOWN_MODELS.get(node.model)
        relative = known.relative_cost / len(self.folders[node.model].signatures) if known else 1.0
        return max(1, round(100 * relative))

    def networks(self, node: Node) -> list[int]:
        """Indices of the networks that the node runs."""
        return self.folders[node.model].networks_for(node.stems)
