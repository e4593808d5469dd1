"""Reads one network's weights: safetensors only, hash checked, class on an allow-list, no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from separation_engine.errors import ModelNotInstalledError, WeightsMismatchError

HTDEMUCS = "demucs.htdemucs.HTDemucs"
# metadata names a class, and stock imports whatever it names
ALLOWED_CLASSES = frozenset({HTDEMUCS, "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs"})
_MAX_HEADER_BYTES = 16 * 1024 * 1024
_DEFAULT_SEGMENT = {HTDEMUCS: Fraction(10)}


@dataclass(frozen=True)
class NetworkSettings:
    """How a network is built: `klass(*args, **kwargs)`; JSON fractions are decoded to Fraction."""

    klass: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]

    @property
    def sources(self) -> tuple[str, ...]:
        """Stems that the network makes, in the order of its output."""
        sources = self.args[0] if self.args else self.kwargs.get("sources")
        if not isinstance(sources, list) or not all(isinstance(name, str) for name in sources):
            raise WeightsMismatchError("the weights name no sources")
        return tuple(sources)

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        rate = self.kwargs.get("samplerate", 44100)
        if not isinstance(rate, int):
            raise WeightsMismatchError(f"the sample rate is no whole number: {rate!r}")
        return rate

    @property
    def segment(self) -> Fraction:
        """Seconds of one segment."""
        segment = self.kwargs.get("segment", _DEFAULT_SEGMENT.get(self.klass, Fraction(40)))
        if not isinstance(segment, (int, float, Fraction)) or segment <= 0:
            raise WeightsMismatchError(f"the segment is no positive number: {segment!r}")
        return Fraction(segment)

    @property
    def segment_samples(self) -> int:
        """Samples of one segment, rounded down as stock does."""
        return int(self.segment * self.sample_rate)

    def with_segment(self, segment: Fraction) -> NetworkSettings:
        """The same network with the segment of its bag, under stock's rule: an HTDemucs only shrinks."""
        if self.klass == HTDEMUCS and segment > self.segment:
            return self
        return NetworkSettings(self.klass, self.args, {**self.kwargs, "segment": segment})


@dataclass(frozen=True)
class NetworkWeights(NetworkSettings):
    """The weights of one network; where they come from a file, it is read when a tensor is asked for.

    signature: name of the file, the first eight digits of the original's hash.
    tensors: parameter name -> array, float32 whatever the file holds.
    sha256: of the whole file, as recorded.
    """

    signature: str
    tensors: Mapping[str, NDArray[np.generic]]
    sha256: str


def read_settings(path: Path) -> NetworkSettings:
    """Settings from the header alone, a few kB of the file. Raises WeightsMismatchError."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= _MAX_HEADER_BYTES:
                raise WeightsMismatchError(f"{path.name} is no safetensors file")
            return _parse_settings(path.name, file.read(length))
    except FileNotFoundError as error:
        raise ModelNotInstalledError(f"{path.name} is missing") from error


def open_weights(path: Path, sha256: str, settings: NetworkSettings) -> NetworkWeights:
    """The weights of one network; the file is read, and checked, when its first tensor is asked for.

    sha256: recorded when the file was fetched. settings: those of the file, with the segment of its bag.
    Whoever asks for a tensor gets ModelNotInstalledError or WeightsMismatchError where the file is off.
    """
    return NetworkWeights(
        klass=settings.klass,
        args=settings.args,
        kwargs=settings.kwargs,
        signature=path.name.removesuffix(".safetensors"),
        tensors=_StoredTensors(path, sha256),
        sha256=sha256,
    )


def read_recorded(path: Path, sha256: str | None) -> bytes:
    """The content of a file of a model. Raises ModelNotInstalledError, WeightsMismatchError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelNotInstalledError(f"{path.name} is missing") from error
    require_recorded(path, hashlib.sha256(content).hexdigest(), sha256)
    return content


def require_recorded(path: Path, found: str, recorded: str | None) -> None:
    """found, recorded: sha256 of a file of a model. Raises WeightsMismatchError where they differ."""
    if found != recorded:
        raise WeightsMismatchError(f"{path.name} is not the file that was recorded for this model")


class _StoredTensors(Mapping[str, NDArray[np.generic]]):
    """Read when first asked for: where a compiled model is on disk, nobody asks."""

    def __init__(self, path: Path, sha256: str) -> None:
        self._path = path
        self._sha256 = sha256

    @cached_property
    def _parsed(self) -> Mapping[str, NDArray[np.generic]]:
        try:
            # the arrays are copies
            tensors = parse_safetensors(read_recorded(self._path, self._sha256))
        except SafetensorError as error:
            raise WeightsMismatchError(f"{self._path.name} is no safetensors file: {error}") from error
        return {name: _as_float32(tensor) for name, tensor in tensors.items()}

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parsed)

    def __len__(self) -> int:
        return len(self._parsed)


def _parse_settings(name: str, header: bytes) -> NetworkSettings:
    try:
        metadata = json.loads(header)["__metadata__"]
        klass = metadata["klass"]
        args = json.loads(metadata["args"])
        kwargs = json.loads(metadata["kwargs"])
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsMismatchError(f"{name} does not say which network it is for") from error
    if klass not in ALLOWED_CLASSES:
        raise WeightsMismatchError(f"{name} wants the class {klass!r}, which is not allowed")
    if "structure" in metadata:
        raise WeightsMismatchError(f"{name} holds quantised weights, which are not supported")
    decoded = _decode_fractions(kwargs)
    if not isinstance(args, list) or not isinstance(decoded, dict):
        raise WeightsMismatchError(f"{name} has settings of a wrong form")
    return NetworkSettings(klass, tuple(_decode_fractions(value) for value in args), decoded)


def _decode_fractions(value: object) -> object:
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return Fraction(int(value["numerator"]), int(value["denominator"]))
        return {key: _decode_fractions(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decode_fractions(item) for item in value]
    return value


def _as_float32(tensor: NDArray[np.generic]) -> NDArray[np.generic]:
    return tensor.astype(np.float32) if np.issubdtype(tensor.dtype, np.floating) else tensor
