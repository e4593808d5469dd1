"""The weights by name, and the check that a graph used every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separation_engine.backends.openvino.graph_builder import Array
from separation_engine.errors import WeightsMismatchError


class Tensors:
    """Reads tensors as float32, and remembers which were read."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._tensors = tensors
        self._unused = set(tensors)

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def read(self, name: str) -> Array:
        """Raises WeightsMismatchError when the weights do not have it."""
        if name not in self._tensors:
            raise WeightsMismatchError(f"the weights have no tensor {name}")
        self._unused.discard(name)
        return self._tensors[name].astype(np.float32)

    def layer(self, name: str) -> tuple[Array, Array]:
        """Weight and bias of a layer."""
        return self.read(f"{name}.weight"), self.read(f"{name}.bias")

    def require_all_used(self) -> None:
        """Raises WeightsMismatchError: an unread tensor is a part of the network left out."""
        if self._unused:
            names = ", ".join(sorted(self._unused)[:3])
            raise WeightsMismatchError(f"{len(self._unused)} tensors are not built, as {names}")
