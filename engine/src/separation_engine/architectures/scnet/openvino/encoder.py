"""Encoder and decoder layers of SCNet: each band of the spectrum at a rate of its own."""

from __future__ import annotations

from collections.abc import Sequence

from separation_engine.architectures.scnet.description.settings import Band
from separation_engine.backends.openvino.graph_builder import GraphBuilder
from separation_engine.backends.openvino.runtime import Node
from separation_engine.backends.openvino.tensors import Tensors

# of torch.nn.GroupNorm
EPSILON = 1e-5


def encode(
    build: GraphBuilder, tensors: Tensors, name: str, value: Node, bands: Sequence[Band]
) -> tuple[Node, Node]:
    """[1, C, bins, T] to the layer's result, [1, C2, rows, T], and what its decoder adds, of that shape."""
    parts = []
    for index, (part, band) in enumerate(
        zip(build.split_at(value, 2, [band.bins for band in bands]), bands, strict=True)
    ):
        weight, bias = tensors.layer(f"{name}.SDlayer.convs.{index}")
        rows = build.conv(
            part, weight, bias, stride=(band.stride, 1), begin=(band.begin, 0), end=(band.end, 0)
        )
        for depth in range(band.depth):
            rows = _branch(build, tensors, f"{name}.conv_modules.{index}.layers.{depth}", rows)
        parts.append(build.gelu(rows))
    skip = build.concat(parts, 2)
    return build.conv(skip, *tensors.layer(f"{name}.globalconv"), begin=(1, 1), end=(1, 1)), skip


def decode(
    build: GraphBuilder, tensors: Tensors, name: str, value: Node, skip: Node, bands: Sequence[Band]
) -> Node:
    """[1, C2, rows, T] to [1, C, bins, T]."""
    weight, bias = tensors.layer(f"{name}.0.conv")
    # the network stacks two copies of its input
    half = weight.shape[1] // 2
    value = build.gated(build.add(value, skip), weight[:, :half] + weight[:, half:], bias)
    parts = []
    for index, (part, band) in enumerate(
        zip(build.split_at(value, 2, [band.rows for band in bands]), bands, strict=True)
    ):
        weight, bias = tensors.layer(f"{name}.1.convtrs.{index}")
        whole = (band.rows - 1) * band.stride + band.kernel
        first = abs(band.bins - whole) // 2
        crop = {"begin": (first, 0), "end": (whole - band.bins - first, 0)}
        parts.append(build.conv_transposed(part, weight, bias, stride=(band.stride, 1), **crop))
    return build.concat(parts, 2)


def group_norm(build: GraphBuilder, tensors: Tensors, name: str, value: Node, axes: tuple[int, ...]) -> Node:
    """Zero mean and unit variance over channels and other axes, then gain and offset of each channel."""
    weight, bias = (values.reshape(1, -1, 1, 1) for values in tensors.layer(name))
    with build.fp32():
        return build.shift(build.scale(build.normalize(value, axes, EPSILON), weight), bias)


def _branch(build: GraphBuilder, tensors: Tensors, name: str, value: Node) -> Node:
    """Convolutions along time; each row is a separate signal."""
    weight, bias = tensors.layer(f"{name}.1")
    inner = group_norm(build, tensors, f"{name}.0", value, (1, 3))
    inner = build.gated(inner, weight[:, :, None], bias)
    weight, bias = tensors.layer(f"{name}.3")
    reach = (0, weight.shape[2] // 2)
    inner = build.conv_by_channel(inner, weight[:, :, None], bias, begin=reach, end=reach)
    inner = group_norm(build, tensors, f"{name}.4", inner, (1, 3))
    inner = build.multiply(inner, build.sigmoid(inner))
    weight, bias = tensors.layer(f"{name}.6")
    return build.add(value, build.conv(inner, weight[:, :, None], bias))
