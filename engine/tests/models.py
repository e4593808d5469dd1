"""Networks with random but lively weights, laid out as set-up lays them out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import torch
import yaml
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

from separation_engine.backends.base import BackendSettings
from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.checks.self_check import fingerprint, known_mix, reference_path, write_reference
from separation_engine.models.folder import hash_files, read_folder, write_record

Network = TypeVar("Network", HTDemucs, HDemucs)

FOUR = ["drums", "bass", "other", "vocals"]
SIX = [*FOUR, "guitar", "piano"]
RATE = 44100
TINY = {
    "channels": 4,
    "dconv_comp": 4,
    "bottom_channels": 32,
    "t_layers": 1,
    "t_heads": 4,
    "samplerate": RATE,
    "segment": Fraction(39, 5),
}
# a second of segment, where the length of 7.8 s is not the point
SHORT = {**TINY, "segment": 1}
SMALL_HYBRID = {"channels": 4, "nfft": 1024, "depth": 5, "samplerate": RATE, "segment": 3}
FULL = {
    "channels": 48,
    "growth": 2,
    "nfft": 4096,
    "depth": 4,
    "dconv_mode": 3,
    "dconv_comp": 8,
    "bottom_channels": 512,
    "t_layers": 5,
    "t_heads": 8,
    "samplerate": RATE,
    "segment": Fraction(39, 5),
}


def make_network(
    klass: type[Network], sources: Sequence[str], settings: Mapping[str, object], seed: int = 0
) -> Network:
    """Random weights whose every branch counts, as in a trained network."""
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
    networks: Sequence[torch.nn.Module],
    *,
    settings: Mapping[str, object],
    weights: list[list[float]] | None = None,
    klass: str | None = None,
    checked: bool = True,
) -> Path:
    """Lay a model out as `<name>/<name>.yaml` and its weights, and record it.

    klass: what the weights claim to be. checked: whether a self-check of it can pass.
    """
    folder = models_dir / name
    folder.mkdir(parents=True)
    signatures = [f"{index:08x}" for index in range(len(networks))]
    for signature, network in zip(signatures, networks, strict=True):
        named = klass or f"{type(network).__module__}.{type(network).__name__}"
        metadata = {
            "klass": named,
            "args": json.dumps([network.sources]),
            "kwargs": json.dumps({key: _encode(value) for key, value in settings.items()}),
        }
        tensors = {key: value.contiguous() for key, value in network.state_dict().items()}
        save_file(tensors, folder / f"{signature}.safetensors", metadata)
    bag = {"models": signatures, **({"weights": weights} if weights else {})}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(bag), "utf-8")
    write_record(folder, hash_files(folder, name))
    if checked:
        _write_references(folder, name)
    return folder


def _write_references(folder: Path, name: str) -> None:
    """As `models record` does, without its two processes for each."""
    backend = TorchBackend(BackendSettings("cpu", "fp32", folder))
    model = read_folder(folder, name)
    for index, signature in enumerate(model.signatures):
        weights = model.read_weights(index)
        path = reference_path(folder, signature)
        mix = known_mix(weights.segment_samples, weights.sample_rate)
        write_reference(path, weights.sha256, fingerprint(backend.load(weights), mix))


def _encode(value: object) -> object:
    if isinstance(value, Fraction):
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
    return value
