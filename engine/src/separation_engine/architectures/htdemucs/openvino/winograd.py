"""3x3 convolutions of the spectrum with half the multiplications: Winograd's F(4, 3) along frequency.

Four output rows depend on six input rows. These are combined into six planes, each plane is convolved along
time only, and the results are combined into the four rows (Lavin and Gray, "Fast Algorithms for
Convolutional Neural Networks", 2015, here in one dimension). Each combination is one product of all rows
with a constant matrix. The layer computes the same function; its rounding error doubles.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.runtime import Node

Matrix: TypeAlias = NDArray[np.float64]

_OUT, _TAPS = 4, 3
_IN = _OUT + _TAPS - 1
# where the polynomials are evaluated; the usual 0, ±1, ±2 have a rounding error 1.5 times as large
_POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
# the matrices are dense, so their cost per row grows with the number of rows
_MOST_ROWS = 32


def suits(value: Node, weight: Array) -> bool:
    """Whether `gated` can do this convolution of value [1, C, F, T], and does it faster."""
    rows = value.get_output_shape(0)[2]
    return weight.shape[2:] == (3, 3) and rows % _OUT == 0 and rows <= _MOST_ROWS


def gated(build: GraphBuilder, value: Node, weight: Array, bias: Array) -> Node:
    """Same as GraphBuilder.gated."""
    _, channels, rows, time = value.get_output_shape(0)
    half, tiles = len(weight) // 2, rows // _OUT
    into_planes, into_rows = _matrices(tiles)
    # channels last throughout, the memory layout: nothing is copied between the products
    value = build.reshape(build.transpose(value, (0, 2, 3, 1)), (1, rows, time * channels))
    mixed = build.matmul(build.constant(into_planes), value)
    planes = [
        build.transpose(build.reshape(plane, (1, tiles, time, channels)), (0, 3, 1, 2))
        for plane in build.split(mixed, 1, _IN)
    ]
    kernels = np.einsum("pk,oikt->poit", _powers(_TAPS), weight.astype(np.float64)).astype(np.float32)

    def convolve(outputs: slice) -> Node:
        products = []
        for plane, kernel in zip(planes, kernels[:, outputs, :, None], strict=True):
            product = build.transpose(build.conv(plane, kernel, begin=(0, 1), end=(0, 1)), (0, 2, 3, 1))
            products.append(build.reshape(product, (1, tiles, time * half)))
        joined = build.matmul(build.constant(into_rows), build.concat(products, 1))
        return build.shift(build.reshape(joined, (1, rows, time, half)), bias[outputs])

    kept, gate = convolve(slice(half)), convolve(slice(half, None))
    return build.transpose(build.multiply(kept, build.sigmoid(gate)), (0, 3, 1, 2))


def _matrices(tiles: int) -> tuple[Matrix, Matrix]:
    """[1, 6 * tiles, rows] and [1, rows, 6 * tiles]: rows to planes, plane by plane, and back."""
    rows = tiles * _OUT
    into_planes = np.zeros((_IN, tiles, 1 + rows + 1))
    into_rows = np.zeros((tiles, _OUT, _IN, tiles))
    for tile in range(tiles):
        into_planes[:, tile, tile * _OUT :][:, :_IN] = np.linalg.inv(_powers(_IN)).T
        into_rows[tile, :, :, tile] = _powers(_OUT).T
    # without the zero rows at both ends
    return into_planes[:, :, 1:-1].reshape(1, -1, rows), into_rows.reshape(1, rows, -1)


def _powers(count: int) -> Matrix:
    """[6, count]: the first powers of each point, and of the point at infinity."""
    return np.vstack([np.vander(_POINTS, count, increasing=True), np.eye(count)[-1:]])
