"""The models of this installation: shipped with the package, or in MODELS_DIR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from separation_engine.common.errors import EngineError, ModelNotInstalledError, UnknownModelError
from separation_engine.models.catalogue import DEMO_MODEL, KNOWN_MODELS
from separation_engine.models.folder import ModelFolder, check_name, read_folder
from separation_engine.models.installed_recipe import InstalledRecipe
from separation_engine.models.known_recipes import known_recipes
from separation_engine.models.offer import Offer, offer_of
from separation_engine.recipes.recipe import Recipe

_PACKAGE = Path(__file__).parents[1]
_SHIPPED = {
    DEMO_MODEL: _PACKAGE / "demo_model",
    **{name: _PACKAGE / "small_models" / name for name in ("demo_roformer", "demo_scnet")},
}


@dataclass(frozen=True)
class ModelLibrary:
    """Finds models and recipes by name. folder: MODELS_DIR; it may not exist."""

    folder: Path | None
    recipes: Mapping[str, Recipe] = field(default_factory=known_recipes)

    def find(self, name: str) -> ModelFolder:
        """Raises UnknownModelError, ModelNotInstalledError, WeightsMismatchError."""
        path = self.path_of(name)
        if not path.is_dir():
            if name in KNOWN_MODELS:
                raise ModelNotInstalledError(f"the model {name} is not installed: run `models get {name}`")
            raise UnknownModelError(
                f"there is no model {name}: installed are {', '.join(self.installed_names())}"
            )
        return read_folder(path, name)

    def find_recipe(self, name: str) -> InstalledRecipe | None:
        """None if there is no such recipe.

        Raises ModelNotInstalledError, WeightsMismatchError, InvalidRecipeError.
        """
        recipe = self.recipes.get(name)
        if recipe is None:
            return None
        try:
            return InstalledRecipe(recipe, {model: self.find(model) for model in recipe.models})
        except (ModelNotInstalledError, UnknownModelError) as error:
            raise ModelNotInstalledError(f"the recipe {name} needs a model: {error}") from error

    def offer(self, name: str) -> Offer:
        """The model or the recipe. Raises like `find` and `find_recipe`."""
        return offer_of(self.find_recipe(name) or self.find(name))

    def path_of(self, name: str) -> Path:
        """Where the model is or would be. Raises UnknownModelError."""
        check_name(name)
        if name in _SHIPPED:
            return _SHIPPED[name]
        if self.folder is None:
            raise ModelNotInstalledError(
                f"MODELS_DIR is not set, so only {', '.join(_SHIPPED)} are available"
            )
        return self.folder / name

    def installed(self) -> list[ModelFolder]:
        """Every complete model, shipped ones too. Skips broken ones."""
        found = []
        for name in self.installed_names():
            try:
                found.append(self.find(name))
            except EngineError:
                continue
        return found

    def installed_recipes(self) -> list[InstalledRecipe]:
        """Every recipe whose models are installed."""
        found: list[InstalledRecipe] = []
        for name in self.recipes:
            try:
                found += filter(None, [self.find_recipe(name)])
            except EngineError:
                continue
        return found

    def installed_names(self) -> list[str]:
        """Names of the folders that hold a model, complete or not."""
        paths = self.folder.iterdir() if self.folder and self.folder.is_dir() else ()
        names = {path.name for path in paths if (path / f"{path.name}.yaml").is_file()}
        return sorted({*names, *_SHIPPED})
