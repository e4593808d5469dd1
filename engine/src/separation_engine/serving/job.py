"""A job of the scheduler, where its models come from, and who hears of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from separation_engine.models.installed_recipe import InstalledRecipe
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.recipe_run import RecipeRun
from separation_engine.separating.request import Progress, SeparationRequest, SeparationResult
from separation_engine.separating.separation import Separation


class JobListener(Protocol):
    """Receives the events of each job. The last one is `finished` or `failed`."""

    def progressed(self, request: SeparationRequest, progress: Progress) -> None: ...

    def finished(self, job: Job, result: SeparationResult) -> None: ...

    def failed(self, request: SeparationRequest, error: Exception) -> None: ...


class ModelSource(Protocol):
    """Provides loaded models. `release` names the models still in use."""

    def load(self, name: str, stems: tuple[str, ...]) -> LoadedModel: ...

    def find_recipe(self, name: str) -> InstalledRecipe | None: ...

    def release(self, used: set[str]) -> None: ...


@dataclass(eq=False)
class Job:
    """A started job. started: before its first model was loaded. load_seconds: of all its models so far."""

    request: SeparationRequest
    separation: Separation | RecipeRun
    started: float
    load_seconds: float

    @property
    def separate_seconds(self) -> float:
        """Wall time since the start, without loading."""
        return time.monotonic() - self.started - self.load_seconds
