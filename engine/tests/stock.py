"""What Demucs itself computes, and our torch networks. Needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from demucs.apply import BagOfModels, apply_model
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs

from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.backends.torch.batch_limit import BatchLimit
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.common.device import DeviceName, GpuTrial, Precision
from separation_engine.common.settings import Settings
from separation_engine.common.wav import Samples
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import BackendSettings

StockNetwork = HTDemucs | HDemucs


def torch_network(
    folder: Path, precision: Precision = "fp32", device: DeviceName = "cpu", *trials: GpuTrial
) -> TorchNetwork:
    """The first network of the model in the folder, on torch."""
    backend = TorchBackend(BackendSettings(device, precision, folder, frozenset(trials)))
    loaded = read_folder(folder, folder.name).read_weights(0).load(backend)
    assert isinstance(loaded, TorchNetwork)
    return loaded


def roomy(most: int) -> BatchLimit:
    """As on a device where every batch up to `most` fits."""
    return BatchLimit(most, 1, lambda: most)


def torch_settings(models_dir: Path, model: str) -> Settings:
    return Settings(models_dir, models_dir / ".cache", model, "cpu", "torch", "fp32", "info")


def stock(
    network: StockNetwork | Sequence[StockNetwork],
    mix: Samples,
    overlap: float = 0.25,
    bag_weights: list[list[float]] | None = None,
) -> Samples:
    """What Demucs makes of the song without its DC offset, which goes back to `other` alone."""
    offset = mix.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
    stems = demucs_separator(network, mix - offset, overlap, bag_weights)
    sources = (network[0] if isinstance(network, Sequence) else network).sources
    stems[sources.index("other")] += offset
    return stems


def demucs_separator(
    network: StockNetwork | Sequence[StockNetwork],
    mix: Samples,
    overlap: float = 0.25,
    bag_weights: list[list[float]] | None = None,
) -> Samples:
    """The result of `demucs.api.Separator` without random shifts: (sources, channels=2, samples)."""
    wave = torch.from_numpy(mix)
    mono = wave.mean(0)
    mean, std = mono.mean(), mono.std() + 1e-8
    model = BagOfModels([*network], bag_weights) if isinstance(network, Sequence) else network
    stems = apply_model(model, ((wave - mean) / std)[None], shifts=0, overlap=overlap)[0]
    return np.asarray((stems * std + mean).numpy(), np.float32)
