"""A model whose networks are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from separation_engine.networks.cutting import Cutting
from separation_engine.networks.interface import Backend, Network


@dataclass(frozen=True)
class LoadedModel:
    """The loaded networks of one model, by their index in its bag. Unneeded networks may be missing.

    versions: of everything that decides the result. sources: stems that the model makes.
    bag_weights: (sub-models, sources), each column sums to 1.
    segment_samples: of the longest segment in the bag. cutting: how its networks want songs to be cut.
    weights_sha256: of a single file, or of the sorted, joined hashes of several.
    """

    name: str
    backend: Backend
    versions: Mapping[str, str]
    networks: Mapping[int, Network]
    sources: tuple[str, ...]
    bag_weights: NDArray[np.float32]
    sample_rate: int
    segment_samples: int
    cutting: Cutting
    signatures: tuple[str, ...]
    weights_sha256: str


def needed_networks(
    bag_weights: NDArray[np.float32], sources: Sequence[str], wanted: Sequence[str]
) -> list[int]:
    """Indices of the sub-models that contribute to the wanted sources."""
    columns = [sources.index(name) for name in wanted]
    return [index for index in range(len(bag_weights)) if bag_weights[index, columns].any()]
