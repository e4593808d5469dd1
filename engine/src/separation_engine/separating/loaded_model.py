"""A model whose networks are resident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from separation_engine.backends.base import Backend, Network


@dataclass(frozen=True)
class LoadedModel:
    """Networks of one model, by their index in its bag; those that nothing asked for may be missing.

    sources: stems that the model makes. shares: (sub-models, sources), each column adds up to 1.
    segment_samples: of the longest segment in the bag.
    weights_sha256: of the single file, or of the sorted joined hashes of several.
    """

    name: str
    backend: Backend
    networks: Mapping[int, Network]
    sources: tuple[str, ...]
    shares: NDArray[np.float32]
    sample_rate: int
    segment_samples: int
    signatures: tuple[str, ...]
    weights_sha256: str

    def needed_networks(self, sources: Sequence[str]) -> list[int]:
        return needed_networks(self.shares, [self.sources.index(name) for name in sources])


def needed_networks(shares: NDArray[np.float32], sources: Sequence[int]) -> list[int]:
    """Indices of the sub-models that give something to these sources."""
    return [index for index in range(len(shares)) if shares[index, sources].any()]
