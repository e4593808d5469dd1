"""Reads one network's weights: safetensors only, hash verified, class on the allow-list, no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.common.errors import ModelNotInstalledError, WeightsMismatchError
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights, Tensors

_MAX_HEADER_BYTES = 16 * 1024 * 1024


def read_settings(path: Path) -> NetworkSettings:
    """Settings from the header alone, a few kB of the file. Raises WeightsMismatchError."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= _MAX_HEADER_BYTES:
                raise WeightsMismatchError(f"{path.name} is not a safetensors file")
            return _parse_settings(path.name, file.read(length))
    except FileNotFoundError as error:
        raise ModelNotInstalledError(f"{path.name} is missing") from error


def open_weights(path: Path, sha256: str, settings: NetworkSettings) -> NetworkWeights:
    """The weights of one network. The file is read and verified when its first tensor is used.

    sha256: recorded when the file was fetched. settings: the file's, with the segment of its bag.
    Reading a tensor raises ModelNotInstalledError or WeightsMismatchError.
    """
    signature = path.name.removesuffix(".safetensors")
    return NetworkWeights(
        **vars(settings), signature=signature, tensors=_StoredTensors(path, sha256), sha256=sha256
    )


def read_verified(path: Path, sha256: str | None) -> bytes:
    """The content of a model's file. Raises ModelNotInstalledError, WeightsMismatchError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelNotInstalledError(f"{path.name} is missing") from error
    require_recorded(path, hashlib.sha256(content).hexdigest(), sha256)
    return content


def require_recorded(path: Path, found: str, recorded: str | None) -> None:
    """found, recorded: sha256 of a model's file. Raises WeightsMismatchError if they differ."""
    if found != recorded:
        raise WeightsMismatchError(f"{path.name} is not the file that was recorded for this model")


class _StoredTensors(Tensors):
    """Reads the file on first use: with a compiled model on disk, never."""

    def __init__(self, path: Path, sha256: str) -> None:
        self._path = path
        self._sha256 = sha256

    @cached_property
    def _parsed(self) -> Mapping[str, NDArray[np.generic]]:
        try:
            # the arrays are copies
            tensors = parse_safetensors(read_verified(self._path, self._sha256))
        except SafetensorError as error:
            raise WeightsMismatchError(f"{self._path.name} is not a safetensors file: {error}") from error
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
        raise WeightsMismatchError(f"{name} does not say which network it belongs to") from error
    if klass not in ARCHITECTURES:
        raise WeightsMismatchError(f"{name} has the class {klass!r}, which is not allowed")
    if "structure" in metadata:
        raise WeightsMismatchError(f"{name} holds quantized weights, which are not supported")
    decoded = _decode_fractions(kwargs)
    if not isinstance(args, list) or not isinstance(decoded, dict):
        raise WeightsMismatchError(f"{name} has malformed settings")
    return NetworkSettings(ARCHITECTURES[klass], tuple(map(_decode_fractions, args)), decoded)


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
