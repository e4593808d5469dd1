"""Networks of the demucs package with random weights, and their model folders. Needs torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs

from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.checks.self_check import fingerprint, known_mix, reference_path, write_reference
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import BackendSettings
from tests.model_files import FOUR, FULL, RATE, SHORT, TINY, write_files

Network = TypeVar("Network", HTDemucs, HDemucs)

SMALL_HYBRID = {"channels": 4, "nfft": 1024, "depth": 5, "samplerate": RATE, "segment": 3}


def make_network(
    klass: type[Network], sources: Sequence[str], settings: Mapping[str, object], seed: int = 0
) -> Network:
    """Random weights in which every branch matters, as in a trained network."""
    torch.manual_seed(seed)
    network: Network = klass(list(sources), **settings)
    network.eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(".scale") or "gamma" in name:
                parameter.uniform_(0.1, 0.5)
            elif name.endswith(("norm1.weight", "norm2.weight")):
                parameter.uniform_(0.7, 1.3)
    return network


def tiny(seed: int = 0) -> HTDemucs:
    network: HTDemucs = make_network(HTDemucs, FOUR, TINY, seed)
    return network


def short(seed: int = 0, sources: Sequence[str] = FOUR) -> HTDemucs:
    network: HTDemucs = make_network(HTDemucs, sources, SHORT, seed)
    return network


def full(seed: int = 0) -> HTDemucs:
    network: HTDemucs = make_network(HTDemucs, FOUR, FULL, seed)
    return network


def small_hybrid(seed: int = 0) -> HDemucs:
    network: HDemucs = make_network(HDemucs, FOUR, SMALL_HYBRID, seed)
    return network


def write_model(
    models_dir: Path,
    name: str,
    networks: Sequence[HTDemucs | HDemucs],
    *,
    settings: Mapping[str, object],
    bag_weights: list[list[float]] | None = None,
    checked: bool = True,
) -> Path:
    """Write the model's folder. checked: whether to store the fingerprints for its self-check."""
    first = networks[0]
    folder = write_files(
        models_dir,
        name,
        [arrays_of(network) for network in networks],
        settings=settings,
        sources=first.sources,
        klass=f"{type(first).__module__}.{type(first).__name__}",
        bag_weights=bag_weights,
    )
    if checked:
        _write_references(folder, name)
    return folder


def arrays_of(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: value.contiguous().numpy() for name, value in network.state_dict().items()}


def _write_references(folder: Path, name: str) -> None:
    """Like `models record`, without its two processes per network."""
    backend = TorchBackend(BackendSettings("cpu", "fp32", folder))
    model = read_folder(folder, name)
    for index, signature in enumerate(model.signatures):
        weights = model.read_weights(index)
        path = reference_path(folder, signature)
        mix = known_mix(weights.segment_samples, weights.sample_rate)
        write_reference(path, weights.sha256, fingerprint(weights.load(backend), mix))
