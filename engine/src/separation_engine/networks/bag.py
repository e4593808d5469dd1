"""A bag: several networks that make one model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Weights:
    """Of the networks that make a model, or a recipe: signature and sha256 of each."""

    signatures: tuple[str, ...]
    hashes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The hash of a single file; for several, the hash of their sorted, joined hashes."""
        hashes = sorted(self.hashes)
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def needed_networks(
    bag_weights: NDArray[np.float32], sources: Sequence[str], wanted: Sequence[str]
) -> list[int]:
    """Indices of the sub-models that contribute to the wanted sources."""
    columns = [sources.index(name) for name in wanted]
    return [index for index in range(len(bag_weights)) if bag_weights[index, columns].any()]
