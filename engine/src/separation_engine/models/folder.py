"""One model's folder: `<name>.yaml`, its weights, and the record of their hashes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.common.errors import ModelNotInstalledError, UnknownModelError, WeightsMismatchError
from separation_engine.models.weights import open_weights, read_settings, read_verified, require_recorded
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights
from separation_engine.networks.bag import Weights, needed_networks

# in the format of `sha256sum -c`
RECORD_NAME = "SHA256SUMS"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class ModelFolder:
    """A model on disk, with its bag verified against the recorded hashes.

    bag_weights: (sub-models, sources), each column sums to 1. hashes: file name -> recorded sha256.
    """

    name: str
    path: Path
    signatures: tuple[str, ...]
    settings: tuple[NetworkSettings, ...]
    bag_weights: NDArray[np.float32]
    hashes: Mapping[str, str]

    @property
    def sources(self) -> tuple[str, ...]:
        return self.settings[0].sources

    @property
    def weights_sha256(self) -> str:
        """Recorded hash of the weights; for several sub-models, the hash of their sorted, joined hashes."""
        return self.weights.sha256

    @property
    def weights(self) -> Weights:
        """With the recorded hash of each sub-model."""
        hashes = (self.hashes[f"{signature}.safetensors"] for signature in self.signatures)
        return Weights(self.signatures, tuple(hashes))

    def networks_for(self, stems: Sequence[str]) -> list[int]:
        """Indices of the sub-models that these stems need."""
        return needed_networks(self.bag_weights, self.sources, stems)

    def read_weights(self, index: int) -> NetworkWeights:
        """The weights of one sub-model, verified. Raises ModelNotInstalledError, WeightsMismatchError."""
        self.check_weights(index)
        return self.open_weights(index)

    def check_weights(self, index: int) -> None:
        """Verify the file's hash. Raises ModelNotInstalledError, WeightsMismatchError."""
        path = self._weights_path(index)
        require_recorded(path, hash_file(path), self.hashes[path.name])

    def open_weights(self, index: int) -> NetworkWeights:
        """The weights of one sub-model, verified by the caller or on first use of a tensor."""
        path = self._weights_path(index)
        return open_weights(path, self.hashes[path.name], self.settings[index])

    def _weights_path(self, index: int) -> Path:
        return self.path / f"{self.signatures[index]}.safetensors"


def check_name(name: str) -> str:
    """Return the name if it is safe as a path. Raises UnknownModelError."""
    if not _NAME.fullmatch(name):
        raise UnknownModelError(f"{name[:80]!r} is not a model name")
    return name


def read_folder(path: Path, name: str) -> ModelFolder:
    """Read the model `name` in its folder `path`.

    Raises ModelNotInstalledError if a file or the record is missing, WeightsMismatchError if one is wrong.
    """
    check_name(name)
    hashes = read_record(path)
    content = read_verified(path / f"{name}.yaml", hashes.get(f"{name}.yaml"))
    bag = _parse_bag(name, content)
    signatures = bag.signatures
    settings = tuple(
        bag.network or read_settings(path / f"{signature}.safetensors") for signature in signatures
    )
    if bag.segment is not None:
        settings = tuple(one.with_segment(bag.segment) for one in settings)
    for signature, one in zip(signatures, settings, strict=True):
        if f"{signature}.safetensors" not in hashes:
            raise WeightsMismatchError(f"{path.name}/{RECORD_NAME} has no line for {signature}.safetensors")
        if (one.sources, one.sample_rate, one.segment_samples) != (
            settings[0].sources,
            settings[0].sample_rate,
            settings[0].segment_samples,
        ):
            raise WeightsMismatchError(f"the sub-models of {name} differ in sources, sample rate or segment")
    bag_weights = _normalize(name, bag.weights, len(signatures), len(settings[0].sources))
    return ModelFolder(name, path, signatures, settings, bag_weights, hashes)


def read_bag_signatures(path: Path) -> tuple[str, ...]:
    """The sub-models named in `<name>.yaml`, whether recorded or not."""
    return _parse_bag(path.stem, path.read_bytes()).signatures


def read_record(path: Path) -> dict[str, str]:
    """File name -> sha256 as recorded. Raises ModelNotInstalledError."""
    try:
        lines = (path / RECORD_NAME).read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise ModelNotInstalledError(
            f"the model {path.name} has no {RECORD_NAME}: if you installed it by hand, run `models record`"
        ) from error
    pairs = [line.split("  ", 1) for line in lines if line.strip()]
    if any(len(pair) != 2 or len(pair[0]) != 64 for pair in pairs):
        raise WeightsMismatchError(f"{path.name}/{RECORD_NAME} has a broken line")
    return {name: sha256 for sha256, name in pairs}


def write_record(path: Path, hashes: Mapping[str, str]) -> None:
    """Record the hashes that later reads are verified against."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    temporary = path / f"{RECORD_NAME}.partial"
    temporary.write_text(lines, "utf-8")
    temporary.replace(path / RECORD_NAME)


def hash_files(path: Path, name: str) -> dict[str, str]:
    """File name -> sha256 of the bag and weights on disk. Raises ModelNotInstalledError."""
    bag = path / f"{name}.yaml"
    if not bag.is_file():
        raise ModelNotInstalledError(f"the model {name} is not installed")
    files = [bag, *(path / f"{signature}.safetensors" for signature in read_bag_signatures(bag))]
    return {file.name: hash_file(file) for file in files}


def hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError as error:
        raise ModelNotInstalledError(f"{path.name} is missing") from error
    return digest.hexdigest()


@dataclass(frozen=True)
class _Bag:
    """`<name>.yaml`. network: how its networks are built, if their files do not say so."""

    signatures: tuple[str, ...]
    weights: object
    segment: Fraction | None
    network: NetworkSettings | None


def _parse_bag(name: str, content: bytes) -> _Bag:
    try:
        bag = yaml.safe_load(content)
        signatures = tuple(bag["models"])
        segment = None if bag.get("segment") is None else Fraction(bag["segment"])
        described = bag.get("network")
        network = described and NetworkSettings(
            ARCHITECTURES[described["class"]], (), dict(described["arguments"])
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsMismatchError(f"{name}.yaml does not describe a model") from error
    if not signatures or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in signatures):
        raise WeightsMismatchError(f"{name}.yaml names no weights")
    return _Bag(signatures, bag.get("weights"), segment, network)


def _normalize(name: str, weights: object, networks: int, sources: int) -> NDArray[np.float32]:
    try:
        table = np.ones((networks, sources)) if weights is None else np.array(weights, np.float64)
    except (TypeError, ValueError) as error:
        raise WeightsMismatchError(f"{name}.yaml has bag weights that are not numbers") from error
    if table.shape != (networks, sources) or not (table.sum(axis=0) > 0).all():
        raise WeightsMismatchError(f"{name}.yaml has bag weights for other sub-models or sources")
    normalized: NDArray[np.float32] = (table / table.sum(axis=0)).astype(np.float32)
    return normalized
