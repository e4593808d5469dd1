"""The models of this installation: the demo model, and what lies in MODELS_DIR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from separation_engine.errors import EngineError, ModelNotInstalledError, UnknownModelError
from separation_engine.models.catalogue import DEMO_MODEL, KNOWN_MODELS
from separation_engine.models.folder import ModelFolder, check_name, read_folder

_DEMO_FOLDER = Path(__file__).parents[1] / "demo_model"


@dataclass(frozen=True)
class ModelLibrary:
    """Finds models by name; `folder` is MODELS_DIR, and need not be there."""

    folder: Path | None

    def find(self, name: str) -> ModelFolder:
        """Raises UnknownModelError, ModelNotInstalledError, WeightsMismatchError."""
        path = self.path_of(name)
        if not path.is_dir():
            if name in KNOWN_MODELS:
                raise ModelNotInstalledError(
                    f"the model {name} is not installed; fetch it with `models get {name}`"
                )
            raise UnknownModelError(
                f"there is no model {name}; installed are {', '.join(self.installed_names())}"
            )
        return read_folder(path, name)

    def path_of(self, name: str) -> Path:
        """Where the model is, or would be. Raises UnknownModelError."""
        check_name(name)
        if name == DEMO_MODEL:
            return _DEMO_FOLDER
        if self.folder is None:
            raise ModelNotInstalledError(f"no folder for models is set, so only {DEMO_MODEL} is there")
        return self.folder / name

    def installed(self) -> list[ModelFolder]:
        """Every model that is there and whole, the demo model among them; broken ones are left out."""
        found = []
        for name in self.installed_names():
            try:
                found.append(self.find(name))
            except EngineError:
                continue
        return found

    def installed_names(self) -> list[str]:
        """Names of the folders that hold a model, whole or not."""
        there = self.folder.iterdir() if self.folder and self.folder.is_dir() else ()
        names = {path.name for path in there if (path / f"{path.name}.yaml").is_file()}
        return sorted({*names, DEMO_MODEL})
