"""Separations in this process, with a network so simple that its stems are known. Needs NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.backends.openvino.numpy_song import NumpySong
from separation_engine.common.device import DeviceName, Precision
from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.bag import Weights
from separation_engine.networks.cutting import TRIANGLES, Cutting
from separation_engine.networks.interface import BackendSettings, Mixes, Network
from separation_engine.networks.stem_block import Output, PendingBlocks, StemBlock
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.request import Progress, SeparationRequest, SeparationResult
from separation_engine.serving.job import Job
from separation_engine.serving.scheduler import Scheduler
from tests.sounds import RATE, read_wav, write_wav

SOURCES = ("drums", "bass", "other", "vocals")


@dataclass
class EchoNetwork:
    """Each stem is the mix at a level of its own. Records the size of each batch, and the stems asked for.

    on_wait: called with the number of a batch, from 1, when its joined result is awaited. full_batch: at
    least max_batch.
    """

    segment_samples: int = RATE
    max_batch: int = 1
    sources: tuple[str, ...] = SOURCES
    sample_rate: int = RATE
    levels: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)
    batches: list[int] = field(default_factory=list)
    asked: list[list[int]] = field(default_factory=list)
    asynchronous: bool = False
    full_batch: int = 1
    on_wait: Callable[[int], None] = lambda _: None

    def __post_init__(self) -> None:
        self.full_batch = max(self.full_batch, self.max_batch)

    def input_samples(self, _samples: int, /) -> int:
        return self.segment_samples

    def forward(self, mixes: Samples) -> Samples:
        self.batches.append(len(mixes))
        levels = np.array(self.levels, np.float32).reshape(1, -1, 1, 1)
        return levels * mixes[:, np.newaxis]

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[Samples]:
        self.asked.append([*stems])
        return list(self.forward(np.stack([*mixes])))

    def song(self, reader: WavReader, *, normalized: bool) -> EchoSong:
        return EchoSong(self, reader, normalized=normalized)

    def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
        return NumpyAccumulator(stems, span)

    def close(self) -> None:
        self.batches.clear()


class EchoSong(NumpySong):
    """Knows which batch it joined last."""

    def __init__(self, network: EchoNetwork, reader: WavReader, *, normalized: bool) -> None:
        super().__init__(reader, normalized=normalized)
        self.network = network

    def finish(
        self, first: int, joined: Samples, rest: int | None, outputs: Sequence[Output]
    ) -> PendingBlocks:
        done, number = super().finish(first, joined, rest, outputs), len(self.network.batches)

        def wait() -> Iterable[StemBlock]:
            self.network.on_wait(number)
            return done()

        return wait


class EchoBackend:
    """The backend that EchoNetwork belongs to."""

    name = "echo"

    def __init__(self, settings: BackendSettings) -> None:
        self.device: DeviceName = settings.device
        self.device_name = "no device"
        self.precision: Precision = settings.precision

    def versions(self) -> dict[str, str]:
        return {"echo": "1"}

    def memory_bytes(self) -> int:
        return 0


class FixedModels:
    """Models that are already loaded."""

    def __init__(self, *models: LoadedModel) -> None:
        self._models = {model.name: model for model in models}

    def load(self, name: str, stems: tuple[str, ...]) -> LoadedModel:
        del stems
        return self._models[name]

    def find_recipe(self, name: str) -> None:
        assert name in self._models

    def release(self, used: set[str]) -> None:
        assert used <= self._models.keys()


@dataclass
class Listener:
    """Records the events of each job."""

    progress: dict[str, list[Progress]] = field(default_factory=dict)
    results: dict[str, SeparationResult] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def progressed(self, request: SeparationRequest, progress: Progress) -> None:
        self.progress.setdefault(request.id, []).append(progress)
        self.order.append(request.id)

    def finished(self, job: Job, result: SeparationResult) -> None:
        self.results[job.request.id] = result

    def failed(self, request: SeparationRequest, error: Exception) -> None:
        self.errors[request.id] = error


def make_model(
    networks: Sequence[Network],
    name: str = "model",
    bag_weights: Sequence[Sequence[float]] | None = None,
    cutting: Cutting = TRIANGLES,
) -> LoadedModel:
    first = networks[0]
    even = [[1 / len(networks)] * len(first.sources)] * len(networks)
    return LoadedModel(
        name=name,
        backend=EchoBackend(BackendSettings("cpu", "fp32", Path())),
        versions={},
        networks=dict(enumerate(networks)),
        sources=first.sources,
        bag_weights=np.array(bag_weights or even, np.float32),
        sample_rate=first.sample_rate,
        segment_samples=first.segment_samples,
        cutting=cutting,
        weights=Weights(tuple(f"{index:08x}" for index in range(len(networks))), ("0" * 64,) * len(networks)),
    )


def make_request(
    folder: Path,
    mix: Samples,
    job: str = "job",
    *,
    model: str = "model",
    stems: Sequence[str] = SOURCES,
    overlap: float = 0.25,
    shifts: int = 0,
) -> SeparationRequest:
    folder.mkdir(parents=True, exist_ok=True)
    song = write_wav(folder / f"{job}.wav", mix)
    return SeparationRequest(job, "-", song, folder / job, model, tuple(stems), overlap, shifts)


def run_jobs(model: LoadedModel, *requests: SeparationRequest) -> Listener:
    listener = Listener()
    scheduler = Scheduler(FixedModels(model), listener)
    for request in requests:
        scheduler.submit(request)
    while not scheduler.idle:
        scheduler.step()
    return listener


def run_one(model: LoadedModel, request: SeparationRequest) -> tuple[dict[str, Samples], SeparationResult]:
    """The stems by name, and the result. Raises the job's error."""
    listener = run_jobs(model, request)
    if request.id in listener.errors:
        raise listener.errors[request.id]
    result = listener.results[request.id]
    return {stem.name: read_wav(stem.path) for stem in result.stems}, result
