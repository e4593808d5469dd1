"""A model whose networks are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from separation_engine.networks.bag import Weights
from separation_engine.networks.cutting import Cutting
from separation_engine.networks.interface import Backend, Network


@dataclass(frozen=True)
class LoadedModel:
    """The loaded networks of one model, by their index in its bag. Unneeded networks may be missing.

    versions: of everything that decides the result. sources: stems that the model makes.
    bag_weights: (sub-models, sources), each column sums to 1.
    segment_samples: of the longest segment in the bag. cutting: how its networks want songs to be cut.
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
    weights: Weights
