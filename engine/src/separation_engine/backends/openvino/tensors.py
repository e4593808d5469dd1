"""The weights by name, and a check that the graph uses all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separation_engine.backends.openvino.graph_builder import Array
from separation_engine.common.errors import WeightsMismatchError


class Tensors:
    """Reads tensors as float32, and tracks which ones were read."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._tensors = tensors
        self._unused = set(tensors)

    def __contains__(self, name: object) -> bool:
        return name in self._tensors

    def read(self, name: str) -> Array:
        """Raises WeightsMismatchError if the weights lack it."""
        if name not in self._tensors:
            raise WeightsMismatchError(f"the weights have no tensor {name}")
        self._unused.discard(name)
        return self._tensors[name].astype(np.float32)

    def layer(self, name: str) -> tuple[Array, Array]:
        """Weight and bias of a layer."""
        return self.read(f"{name}.weight"), self.read(f"{name}.bias")

    def require_all_used(self) -> None:
        """Raises WeightsMismatchError: an unread tensor is a missing part of the network."""
        if self._unused:
            names = ", ".join(sorted(self._unused)[:3])
            raise WeightsMismatchError(f"the graph leaves out {len(self._unused)} tensors, such as {names}")
