"""Recipes on small networks with random weights, and the same separations by hand. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separation_engine.common.wav import Samples
from separation_engine.models.library import ModelLibrary
from separation_engine.recipes.recipe import parse_recipe
from separation_engine.separating.request import Progress, SeparationRequest, SeparationResult
from separation_engine.serving.model_cache import ModelCache
from separation_engine.serving.scheduler import Scheduler
from tests.model_files import FOUR, SHORT
from tests.models import short, write_model
from tests.runs import Listener, make_request
from tests.sounds import read_wav
from tests.stock import torch_settings

STEMS_OF = {"ft": tuple(FOUR), "voice": ("vocals",)}
FT3: dict[str, Any] = {
    "name": "ft3",
    "title": "Drums and vocals, and the rest",
    "overlap": 0.25,
    "nodes": [{"id": "ft", "model": "ft", "input": "song", "stems": ["drums", "vocals"]}],
    "outputs": {"drums": "ft.drums", "other": "song - sum(ft.drums, ft.vocals)", "vocals": "ft.vocals"},
}
BEST: dict[str, Any] = {
    "name": "best",
    "title": "Vocals first, then the band",
    "overlap": 0.25,
    "nodes": [
        {"id": "band", "model": "ft", "input": "song - voice.vocals", "stems": ["drums", "bass"]},
        {"id": "voice", "model": "voice", "input": "song", "stems": ["vocals"]},
    ],
    "outputs": {
        "drums": "band.drums",
        "bass": "band.bass",
        "other": "song - sum(voice.vocals, band.drums, band.bass)",
        "vocals": "voice.vocals",
    },
}


def write_models(folder: Path) -> Path:
    """`ft` has a network for each stem, like htdemucs_ft; `voice` makes vocals only."""
    each = [[float(row == column) for column in range(4)] for row in range(4)]
    write_model(folder, "ft", [short(seed) for seed in range(4)], settings=SHORT, bag_weights=each)
    write_model(folder, "voice", [short(9, ["vocals"])], settings=SHORT)
    return folder


@dataclass
class Models:
    """Models on disk, for many runs."""

    folder: Path

    def cache(self, *rows: dict[str, Any]) -> ModelCache:
        recipes = {row["name"]: parse_recipe(row, STEMS_OF) for row in rows}
        library = ModelLibrary(self.folder, recipes)
        return ModelCache(torch_settings(self.folder, "voice"), library=library)

    def run(self, row: dict[str, Any], request: SeparationRequest) -> Run:
        """Raises the job's error."""
        run = Run(self.cache(row), request)
        for _ in run.steps():
            pass
        return run

    def separate(self, folder: Path, model: str, mix: Samples, stems: Sequence[str]) -> dict[str, Samples]:
        """With a model, as anybody would."""
        request = make_request(folder, mix, model, model=model, stems=stems)
        return self.run(BEST, request).stems


class Run:
    """One separation, step by step."""

    def __init__(self, models: ModelCache, request: SeparationRequest) -> None:
        self.request = request
        self.scheduler = Scheduler(models, listener := Listener())
        self._listener = listener

    def steps(self) -> Iterator[None]:
        """Raises the job's error."""
        self.scheduler.submit(self.request)
        while not self.scheduler.idle:
            self.scheduler.step()
            yield
        if error := self._listener.errors.get(self.request.id):
            raise error

    @property
    def progress(self) -> list[Progress]:
        return self._listener.progress.get(self.request.id, [])

    @property
    def result(self) -> SeparationResult:
        return self._listener.results[self.request.id]

    @property
    def stems(self) -> dict[str, Samples]:
        return {stem.name: read_wav(stem.path) for stem in self.result.stems}


def ft3_by_hand(models: Models, folder: Path, mix: Samples) -> dict[str, Samples]:
    made = models.separate(folder, "ft", mix, ["drums", "vocals"])
    return {**made, "other": mix - (made["drums"] + made["vocals"])}


def best_by_hand(models: Models, folder: Path, mix: Samples) -> dict[str, Samples]:
    vocals = models.separate(folder, "voice", mix, ["vocals"])["vocals"]
    band = models.separate(folder, "ft", mix - vocals, ["drums", "bass"])
    return {**band, "vocals": vocals, "other": mix - (vocals + band["drums"] + band["bass"])}
