"""The dilated residual branches of a layer (DConv): conv, norm, GELU, 1x1 conv, norm, GLU, scale.

The second norm would run over twice the layer's channels, the widest tensor of the network. We fold it into
the 1x1 convolution `y = W h + b` instead. Its mean and variance over channels and time follow from the small
hidden layer h, with m = mean of h over time and G = covariance of h:
    mean(y) = mean_c(W) m + mean(b)
    var(y)  = sum(G * WᵀW) / C + mean_c((W m + b - mean(y))²)
Both terms of the variance are sums of squares, so there is no cancellation.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.runtime import Node
from separation_engine.backends.openvino.tensors import Tensors

Matrix: TypeAlias = NDArray[np.float64]

# of torch.nn.GroupNorm
_EPSILON = 1e-5


def dconv(build: GraphBuilder, tensors: Tensors, name: str, value: Node, *, dilated: bool) -> Node:
    """value: [1, C, rows, T]; each row is a separate signal. Returns the same shape."""
    index = 0
    while f"{name}.layers.{index}.0.weight" in tensors:
        dilation = 2**index if dilated else 1
        value = _branch(build, tensors, f"{name}.layers.{index}", value, dilation)
        index += 1
    return value


def _branch(build: GraphBuilder, tensors: Tensors, name: str, value: Node, dilation: int) -> Node:
    hidden = _hidden(build, tensors, name, value, dilation)
    weight, bias = tensors.layer(f"{name}.3")
    norm_weight, norm_bias = (part.astype(np.float64) for part in tensors.layer(f"{name}.4"))
    scale = tensors.read(f"{name}.6.scale").astype(np.float64)
    wide = weight[:, :, 0].astype(np.float64)
    offset = bias.astype(np.float64)
    with build.fp32():
        mean, inverse = _statistics(build, hidden, wide, offset)
        time = hidden.get_output_shape(0)[3]
        factor = _along_time(build, inverse, time)
        # norm(W h + b) = W' [h r, r, mean r] + norm bias, with r = 1 / std
        inputs = build.concat(
            [build.multiply(hidden, factor), factor, _along_time(build, build.multiply(mean, inverse), time)],
            1,
        )
    folded = norm_weight[:, None] * np.column_stack([wide, offset, -np.ones_like(offset)])
    half = len(folded) // 2
    gains = np.concatenate([scale, np.ones(half)])
    kept = build.conv(inputs, _pointwise(folded[:half] * scale[:, None]), _float(norm_bias * gains)[:half])
    gate = build.conv(inputs, _pointwise(folded[half:]), _float(norm_bias)[half:])
    return build.add(value, build.multiply(kept, build.sigmoid(gate)))


def _hidden(build: GraphBuilder, tensors: Tensors, name: str, value: Node, dilation: int) -> Node:
    weight, bias = tensors.layer(f"{name}.0")
    reach = dilation * (weight.shape[2] // 2)
    hidden = build.conv(
        value, weight[:, :, None, :], bias, begin=(0, reach), end=(0, reach), dilation=(1, dilation)
    )
    norm_weight, norm_bias = tensors.layer(f"{name}.1")
    with build.fp32():
        centered = build.subtract(hidden, build.mean(hidden, (1, 3)))
        variance = build.mean(build.multiply(centered, centered), (1, 3))
        inverse = build.rsqrt(build.shift(variance, _EPSILON))
        normed = build.multiply(centered, inverse)
        normed = build.scale(normed, norm_weight.reshape(1, -1, 1, 1))
        normed = build.shift(normed, norm_bias.reshape(1, -1, 1, 1))
        return build.gelu(normed)


def _statistics(build: GraphBuilder, hidden: Node, wide: Matrix, offset: Matrix) -> tuple[Node, Node]:
    """Mean and 1 / std of `wide @ hidden + offset` per row, each [1, 1, rows, 1]."""
    rows, time = list(hidden.get_output_shape(0))[2:]
    mean_hidden = build.mean(hidden, (3,))
    mean = build.shift(build.sum(build.scale(mean_hidden, _column(wide.mean(0))), (1,)), float(offset.mean()))
    by_row = build.transpose(hidden, (0, 2, 3, 1))
    # scaled later: here the runtime would scale all of `hidden` instead, and copy it twice
    gram = build.matmul(by_row, by_row, transpose_left=True)
    mean_by_row = build.transpose(mean_hidden, (0, 2, 3, 1))
    mean_gram = build.matmul(mean_by_row, mean_by_row, transpose_left=True)
    weight_gram = wide.T @ wide / len(wide)
    moments = build.scale(gram, _float(weight_gram / time))
    spread = build.sum(build.subtract(moments, build.scale(mean_gram, _float(weight_gram))), (2, 3))
    centered = build.conv(mean_hidden, _pointwise(wide - wide.mean(0)), _float(offset - offset.mean()))
    between = build.mean(build.multiply(centered, centered), (1,))
    variance = build.add(build.reshape(spread, (1, 1, rows, 1)), between)
    variance = build.relu(variance)
    return mean, build.rsqrt(build.shift(variance, _EPSILON))


def _along_time(build: GraphBuilder, value: Node, time: int) -> Node:
    """[1, 1, rows, 1] to [1, 1, rows, time].

    A broadcast in the next product would recompute the root for every element. An explicit broadcast node
    runs in bfloat16 even inside `fp32()`.
    """
    return build.matmul(value, build.constant(np.ones((1, time))))


def _pointwise(weight: Matrix) -> Array:
    return _float(weight)[:, :, None, None]


def _column(values: Matrix) -> Array:
    return _float(values).reshape(1, -1, 1, 1)


def _float(values: Matrix) -> Array:
    return values.astype(np.float32)
