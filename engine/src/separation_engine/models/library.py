"""The models of this installation: the demo model, and those in MODELS_DIR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from separation_engine.common.errors import EngineError, ModelNotInstalledError, UnknownModelError
from separation_engine.models.catalogue import DEMO_MODEL, KNOWN_MODELS
from separation_engine.models.folder import ModelFolder, check_name, read_folder

_DEMO_FOLDER = Path(__file__).parents[1] / "demo_model"


@dataclass(frozen=True)
class ModelLibrary:
    """Finds models by name. folder: MODELS_DIR; it may not exist."""

    folder: Path | None

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

    def path_of(self, name: str) -> Path:
        """Where the model is or would be. Raises UnknownModelError."""
        check_name(name)
        if name == DEMO_MODEL:
            return _DEMO_FOLDER
        if self.folder is None:
            raise ModelNotInstalledError(f"MODELS_DIR is not set, so only {DEMO_MODEL} is available")
        return self.folder / name

    def installed(self) -> list[ModelFolder]:
        """Every complete model, including the demo model. Skips broken ones."""
        found = []
        for name in self.installed_names():
            try:
                found.append(self.find(name))
            except EngineError:
                continue
        return found

    def installed_names(self) -> list[str]:
        """Names of the folders that hold a model, complete or not."""
        paths = self.folder.iterdir() if self.folder and self.folder.is_dir() else ()
        names = {path.name for path in paths if (path / f"{path.name}.yaml").is_file()}
        return sorted({*names, DEMO_MODEL})
