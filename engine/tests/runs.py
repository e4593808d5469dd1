"""Separations in this process, and a network so simple that its stems are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from demucs.apply import BagOfModels, apply_model
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs

from separation_engine.backends.base import BackendSettings, Network, PendingSamples, Precision
from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.backends.torch.backend import TorchBackend, TorchNetwork
from separation_engine.models.folder import read_folder
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.request import Progress, SeparationRequest, SeparationResult
from separation_engine.serving.scheduler import Job, Scheduler
from separation_engine.settings import Settings
from separation_engine.wav import Samples
from tests.sounds import RATE, read_wav, write_wav

SOURCES = ("drums", "bass", "other", "vocals")


@dataclass
class EchoNetwork:
    """Each stem is the mix at a level of its own; keeps the sizes of its batches.

    on_wait: called with the number of a batch, from 1, when what was joined of it is asked for.
    """

    segment_samples: int = RATE
    max_batch: int = 1
    sources: tuple[str, ...] = SOURCES
    sample_rate: int = RATE
    levels: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)
    batches: list[int] = field(default_factory=list)
    asynchronous: bool = False
    on_wait: Callable[[int], None] = lambda _: None

    def input_samples(self, _samples: int, /) -> int:
        return self.segment_samples

    def forward(self, mixes: Samples) -> Samples:
        self.batches.append(len(mixes))
        levels = np.array(self.levels, np.float32).reshape(1, -1, 1, 1)
        return levels * mixes[:, np.newaxis]

    def start(self, mixes: Samples) -> Sequence[Samples]:
        return list(self.forward(mixes))

    def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
        return EchoAccumulator(self, stems, span)

    def close(self) -> None:
        self.batches.clear()


class EchoAccumulator(NumpyAccumulator):
    """Knows which batch it has joined last."""

    def __init__(self, network: EchoNetwork, stems: int, span: int) -> None:
        super().__init__(stems, span)
        self._network = network

    def take(self, samples: int) -> PendingSamples:
        done, number = super().take(samples), len(self._network.batches)

        def wait() -> Samples:
            self._network.on_wait(number)
            return done()

        return wait


class FixedModels:
    """Models that are loaded already."""

    def __init__(self, *models: LoadedModel) -> None:
        self._models = {model.name: model for model in models}

    def load(self, name: str, stems: tuple[str, ...]) -> LoadedModel:
        del stems
        return self._models[name]

    def release(self, used: set[str]) -> None:
        assert used <= self._models.keys()


@dataclass
class Listener:
    """Keeps what became of each job."""

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
    networks: Sequence[Network], name: str = "model", shares: Sequence[Sequence[float]] | None = None
) -> LoadedModel:
    first = networks[0]
    table = np.array(shares or [[1 / len(networks)] * len(first.sources)] * len(networks), np.float32)
    return LoadedModel(
        name=name,
        backend=TorchBackend(BackendSettings("cpu", "fp32", Path())),
        networks=dict(enumerate(networks)),
        sources=first.sources,
        shares=table,
        sample_rate=first.sample_rate,
        segment_samples=first.segment_samples,
        signatures=tuple(f"{index:08x}" for index in range(len(networks))),
        weights_sha256="0" * 64,
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
    scheduler = Scheduler(FixedModels(model), listener, lambda _: None)
    for request in requests:
        scheduler.submit(request)
    while not scheduler.idle:
        scheduler.step()
    return listener


def run_one(model: LoadedModel, request: SeparationRequest) -> tuple[dict[str, Samples], SeparationResult]:
    """The stems by name, and the result. Raises what the job failed with."""
    listener = run_jobs(model, request)
    if request.id in listener.errors:
        raise listener.errors[request.id]
    result = listener.results[request.id]
    return {stem.name: read_wav(stem.path) for stem in result.stems}, result


def torch_network(weights_dir: Path, precision: Precision = "fp32") -> TorchNetwork:
    """The first network of the model in the folder, on torch."""
    backend = TorchBackend(BackendSettings("cpu", precision, weights_dir))
    loaded = backend.load(read_folder(weights_dir, weights_dir.name).read_weights(0))
    assert isinstance(loaded, TorchNetwork)
    return loaded


def torch_settings(models_dir: Path, model: str) -> Settings:
    return Settings(models_dir, models_dir / ".cache", model, "cpu", "torch", "fp32", "info")


StockNetwork = HTDemucs | HDemucs


def stock(
    network: StockNetwork | Sequence[StockNetwork],
    mix: Samples,
    overlap: float = 0.25,
    weights: list[list[float]] | None = None,
) -> Samples:
    """What `demucs.api.Separator` makes without random shifts: (sources, channels=2, samples)."""
    wave = torch.from_numpy(mix)
    mono = wave.mean(0)
    mean, deviation = mono.mean(), mono.std() + 1e-8
    model = BagOfModels([*network], weights) if isinstance(network, Sequence) else network
    stems = apply_model(model, ((wave - mean) / deviation)[None], shifts=0, overlap=overlap)[0]
    return np.asarray((stems * deviation + mean).numpy(), np.float32)
