"""The layers between encoder and decoder: LSTMs along both axes, and Fourier transforms along time."""

from __future__ import annotations

import numpy as np

from separation_engine.architectures.scnet.openvino.encoder import group_norm
from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.runtime import Node
from separation_engine.backends.openvino.tensors import Tensors


def dual_path(build: GraphBuilder, tensors: Tensors, name: str, value: Node) -> Node:
    """An LSTM along the rows, then one along time. value: [1, C, rows, T]."""
    _, channels, rows, time = value.get_output_shape(0)
    for axis, order, shape, back in (
        (0, (0, 3, 2, 1), (time, rows, channels), (0, 3, 2, 1)),
        (1, (0, 2, 3, 1), (rows, time, channels), (0, 3, 1, 2)),
    ):
        inner = group_norm(build, tensors, f"{name}.norm_layers.{axis}", value, (1, 2, 3))
        inner = build.reshape(build.transpose(inner, order), shape)
        lstm = f"{name}.lstm_layers.{axis}"
        biases = _both(tensors, f"{lstm}.bias_ih_l0") + _both(tensors, f"{lstm}.bias_hh_l0")
        weights = (_both(tensors, f"{lstm}.weight_ih_l0"), _both(tensors, f"{lstm}.weight_hh_l0"))
        inner = build.lstm(inner, *weights, biases)
        inner = build.linear(inner, *tensors.layer(f"{name}.linear_layers.{axis}"))
        inner = build.transpose(build.reshape(inner, (1, *shape)), back)
        with build.fp32():
            value = build.add(value, inner)
    return value


def to_frequencies(build: GraphBuilder, value: Node) -> Node:
    """Fourier transform along time: [1, C, rows, T] to [1, 2C, rows, T / 2 + 1], real parts first.

    As a product: the runtime's own transform takes three times as long for lengths such as 476.
    """
    real, imaginary = _transform(value.get_output_shape(0)[3])
    with build.fp32():
        return build.concat([build.matmul(value, build.constant(part)) for part in (real, imaginary)], 1)


def to_time(build: GraphBuilder, value: Node) -> Node:
    """The inverse of `to_frequencies`."""
    _, _, _, bins = value.get_output_shape(0)
    time = 2 * (bins - 1)
    real, imaginary = _transform(time)
    # all bins but the first and the last stand for two
    twice = np.where(np.arange(bins) % (bins - 1), 2, 1).astype(np.float32)
    parts = build.split(value, 1, 2)
    with build.fp32():
        sums = [
            build.matmul(part, build.constant((matrix * twice).T))
            for part, matrix in zip(parts, (real, imaginary), strict=True)
        ]
        return build.add(*sums)


def _transform(time: int) -> tuple[Array, Array]:
    """Real and imaginary part of the orthogonal transform of real numbers, (time, time / 2 + 1)."""
    angles = 2 * np.pi * np.outer(np.arange(time), np.arange(time // 2 + 1)) / time
    scale = 1 / np.sqrt(time)
    return (np.cos(angles) * scale).astype(np.float32), (-np.sin(angles) * scale).astype(np.float32)


def _both(tensors: Tensors, name: str) -> Array:
    """Of both directions."""
    return np.stack([tensors.read(name), tensors.read(f"{name}_reverse")])
