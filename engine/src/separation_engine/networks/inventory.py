"""Compares the tensors of a network with those that its settings describe."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from separation_engine.common.errors import WeightsMismatchError
from separation_engine.networks.architecture import Tensors

Shape: TypeAlias = tuple[int, ...]


def require_inventory(
    tensors: Tensors, expected: Mapping[str, Shape], optional: Collection[str] = ()
) -> None:
    """Raises WeightsMismatchError if a tensor is missing, left over or of another shape."""
    for name, shape in expected.items():
        if name not in tensors and name not in optional:
            raise WeightsMismatchError(f"the weights have no tensor {name}")
        if name in tensors and tensors[name].shape != shape:
            raise WeightsMismatchError(f"{name} has the shape {tensors[name].shape} instead of {shape}")
    if left := sorted(tensors.keys() - expected.keys()):
        names = ", ".join(left[:3])
        raise WeightsMismatchError(f"the network leaves out {len(left)} tensors, such as {names}")


def layer_shapes(name: str, weight: Shape) -> Iterator[tuple[str, Shape]]:
    """Weight and bias of a layer, whose outputs come first in the shape of its weight."""
    yield f"{name}.weight", weight
    yield f"{name}.bias", weight[:1]
