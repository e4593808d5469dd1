"""Writes model folders with NumPy alone, in the layout that `models get` produces."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from safetensors.numpy import save_file

from separation_engine.models.folder import hash_files, write_record

FOUR = ["drums", "bass", "other", "vocals"]
SIX = [*FOUR, "guitar", "piano"]
RATE = 44100
HTDEMUCS_CLASS = "demucs.htdemucs.HTDemucs"
# a segment of one second, for tests in which its length does not matter
SHORT: dict[str, object] = {
    "channels": 4,
    "dconv_comp": 4,
    "bottom_channels": 32,
    "t_layers": 1,
    "t_heads": 4,
    "samplerate": RATE,
    "segment": 1,
}

TINY: dict[str, object] = {**SHORT, "segment": Fraction(39, 5)}
FULL: dict[str, object] = {
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

Tensors = Mapping[str, NDArray[np.generic]]


def write_files(
    models_dir: Path,
    name: str,
    networks: Sequence[Tensors],
    *,
    settings: Mapping[str, object] = SHORT,
    sources: Sequence[str] = FOUR,
    klass: str = HTDEMUCS_CLASS,
    bag_weights: list[list[float]] | None = None,
) -> Path:
    """Write `<name>/<name>.yaml` and the weights, and record their hashes."""
    folder = models_dir / name
    folder.mkdir(parents=True)
    metadata = {
        "klass": klass,
        "args": json.dumps([[*sources]]),
        "kwargs": json.dumps(settings, default=_encode),
    }
    signatures = [f"{index:08x}" for index in range(len(networks))]
    for signature, tensors in zip(signatures, networks, strict=True):
        save_file(dict(tensors), folder / f"{signature}.safetensors", metadata)
    bag = {"models": signatures, **({"weights": bag_weights} if bag_weights else {})}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(bag), "utf-8")
    write_record(folder, hash_files(folder, name))
    return folder


def random_tensors(seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Tensors of no particular network, for tests that only read files."""
    random = np.random.default_rng(seed)
    return {name: random.standard_normal((3, 4), np.float32) for name in ("first.weight", "second.weight")}


def _encode(value: object) -> object:
    if not isinstance(value, Fraction):
        raise TypeError(f"{value!r} is not JSON")
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
