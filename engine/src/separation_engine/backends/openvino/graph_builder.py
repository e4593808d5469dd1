"""Builds OpenVINO graphs: float32, batch 1, logical NCHW.

Spectra are [1, C, F, T] and waves [1, C, 1, T]. The runtime can then keep one channels-last memory layout
from the first convolution to the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from separation_engine.backends.openvino.runtime import Node, opset

Array: TypeAlias = NDArray[np.float32]
Pair: TypeAlias = tuple[int, int]

# far above any activation, so the clamp in GraphBuilder.linear never acts
_UNREACHABLE = 1e30
# mean of squares below which sound counts as silence
_SILENCE = 1e-24


class GraphBuilder:
    """Makes nodes, and records which must stay in float32 while the rest runs in bfloat16."""

    def __init__(self) -> None:
        self.fp32_names: set[str] = set()
        self._fp32 = False
        self._count = 0

    @contextmanager
    def fp32(self, active: bool = True) -> Iterator[None]:
        """Nodes made inside run in float32, whatever the inference precision is."""
        before, self._fp32 = self._fp32, self._fp32 or active
        try:
            yield
        finally:
            self._fp32 = before

    def parameter(self, shape: Sequence[int], name: str) -> Node:
        node = opset.parameter(list(shape), np.float32, name=name)
        node.output(0).set_names({name})
        return node

    def constant(self, value: NDArray[Any]) -> Node:
        kept = value if value.dtype == np.int64 else value.astype(np.float32)
        return opset.constant(np.ascontiguousarray(kept))

    def add(self, left: Node, right: Node) -> Node:
        return self._named(opset.add(left, right))

    def subtract(self, left: Node, right: Node) -> Node:
        return self._named(opset.subtract(left, right))

    def multiply(self, left: Node, right: Node) -> Node:
        return self._named(opset.multiply(left, right))

    def scale(self, value: Node, factor: Array | float) -> Node:
        return self.multiply(value, self.constant(np.asarray(factor, np.float32)))

    def shift(self, value: Node, offset: Array | float) -> Node:
        return self.add(value, self.constant(np.asarray(offset, np.float32)))

    def gelu(self, value: Node) -> Node:
        return self._named(opset.gelu(value, "erf"))

    def sigmoid(self, value: Node) -> Node:
        return self._named(opset.sigmoid(value))

    def tanh(self, value: Node) -> Node:
        return self._named(opset.tanh(value))

    def relu(self, value: Node) -> Node:
        return self._named(opset.relu(value))

    def rsqrt(self, value: Node) -> Node:
        return self._named(opset.power(value, self.constant(np.asarray(-0.5, np.float32))))

    def mean(self, value: Node, axes: Sequence[int]) -> Node:
        return self._named(opset.reduce_mean(value, np.array(axes, np.int64), keep_dims=True))

    def sum(self, value: Node, axes: Sequence[int]) -> Node:
        return self._named(opset.reduce_sum(value, np.array(axes, np.int64), keep_dims=True))

    def reshape(self, value: Node, shape: Sequence[int]) -> Node:
        return self._named(opset.reshape(value, np.array(shape, np.int64), special_zero=False))

    def transpose(self, value: Node, order: Sequence[int]) -> Node:
        return self._named(opset.transpose(value, np.array(order, np.int64)))

    def concat(self, values: Sequence[Node], axis: int) -> Node:
        return self._named(opset.concat(list(values), axis))

    def split(self, value: Node, axis: int, parts: int) -> list[Node]:
        node = self._named(opset.split(value, np.array(axis, np.int64), parts))
        return [node.output(index) for index in range(parts)]

    def split_at(self, value: Node, axis: int, sizes: Sequence[int]) -> list[Node]:
        """Parts of these sizes."""
        node = self._named(
            opset.variadic_split(value, np.array(axis, np.int64), np.array([*sizes], np.int64))
        )
        return [node.output(index) for index in range(len(sizes))]

    def matmul(self, left: Node, right: Node, *, transpose_left: bool = False) -> Node:
        return self._named(opset.matmul(left, right, transpose_left, False))

    def conv(
        self,
        value: Node,
        weight: Array,
        bias: Array | None = None,
        *,
        stride: Pair = (1, 1),
        begin: Pair = (0, 0),
        end: Pair = (0, 0),
        dilation: Pair = (1, 1),
    ) -> Node:
        """weight: (out, in, kernel height, kernel width); begin and end: zero padding."""
        node = self._named(
            opset.convolution(
                value, self.constant(weight), list(stride), list(begin), list(end), list(dilation)
            )
        )
        return node if bias is None else self.shift(node, bias.reshape(1, -1, 1, 1))

    def conv_by_channel(self, value: Node, weight: Array, bias: Array, *, begin: Pair, end: Pair) -> Node:
        """weight: (channels, 1, kernel height, kernel width); begin and end: zero padding."""
        node = self._named(
            opset.group_convolution(
                value, self.constant(weight[:, :, None]), [1, 1], list(begin), list(end), [1, 1]
            )
        )
        return self.shift(node, bias.reshape(1, -1, 1, 1))

    def lstm(self, value: Node, inputs: Array, states: Array, biases: Array) -> Node:
        """Both ways along the second axis: [batch, steps, features] to [batch, steps, 2 * hidden].

        inputs, states: (directions=2, 4 * hidden, features or hidden), biases: (2, 4 * hidden). Gates are in
        the order of torch: input, forget, cell, output.
        """
        batch, steps, _ = value.get_output_shape(0)
        hidden = states.shape[2]
        zeros = self.constant(np.zeros((batch, 2, hidden), np.float32))
        lengths = opset.constant(np.full(batch, steps, np.int32))
        gates = [self.constant(_forget_first(part, hidden)) for part in (inputs, states, biases)]
        node = self._named(opset.lstm_sequence(value, zeros, zeros, lengths, *gates, hidden, "bidirectional"))
        return self.reshape(self.transpose(node.output(0), (0, 2, 1, 3)), (batch, steps, 2 * hidden))

    def conv_transposed(
        self, value: Node, weight: Array, bias: Array, *, stride: Pair, begin: Pair, end: Pair
    ) -> Node:
        """weight: (in, out, kernel height, kernel width); begin and end: samples to crop."""
        node = self._named(
            opset.convolution_backprop_data(
                value,
                self.constant(weight),
                list(stride),
                pads_begin=list(begin),
                pads_end=list(end),
                dilations=[1, 1],
            )
        )
        return self.shift(node, bias.reshape(1, -1, 1, 1))

    def conv_transposed_in_bands(self, value: Node, weight: Array, bias: Array) -> Node:
        """A transposed convolution along rows as a plain convolution; its kernel is twice its stride.

        weight: (in, out, 2 * stride, 1). Returns [1, stride * out, rows + 1, T]. Row `stride * band + offset`
        of the uncropped transposed convolution is row `band` here, from channel `out * offset` on (Shi et
        al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
        Neural Network", 2016).
        """
        inputs, outputs, kernel, _ = weight.shape
        # (in, out, taps=2, stride): a band depends on the previous row and its own
        parts = weight.reshape(inputs, outputs, 2, kernel // 2)[:, :, ::-1]
        plain = parts.transpose(3, 1, 0, 2).reshape(-1, inputs, 2, 1)
        return self.conv(value, plain, np.tile(bias, kernel // 2), begin=(1, 0), end=(1, 0))

    def gated(self, value: Node, weight: Array, bias: Array) -> Node:
        """Convolution and GLU as two convolutions, `a * sigmoid(b)`, which avoids splitting a wide tensor."""
        half = weight.shape[0] // 2
        height, width = weight.shape[2] // 2, weight.shape[3] // 2
        pads = {"begin": (height, width), "end": (height, width)}
        kept = self.conv(value, weight[:half], bias[:half], **pads)
        gate = self.conv(value, weight[half:], bias[half:], **pads)
        return self.multiply(kept, self.sigmoid(gate))

    def linear(self, value: Node, weight: Array, bias: Array | None = None, *, clamped: bool = True) -> Node:
        """value: [..., in], weight: (out, in).

        In float32 the runtime uses a faster kernel library if more than the bias follows the product, hence
        the clamp.
        """
        node = self._named(opset.matmul(value, self.constant(weight), False, True))
        node = node if bias is None else self.shift(node, bias)
        return self._named(opset.clamp(node, -_UNREACHABLE, _UNREACHABLE)) if clamped else node

    def normalize(self, value: Node, axes: Sequence[int], epsilon: float) -> Node:
        """Zero mean and unit variance over the axes, in two passes to avoid cancellation."""
        with self.fp32():
            return self._named(opset.mvn(value, np.array(axes, np.int64), True, epsilon, "inside_sqrt"))

    def rms_normalize(self, value: Node, gamma: Array) -> Node:
        """Root mean square `gamma` over the last axis; silence stays silent.

        Written in the way that the runtime recognizes, and computes in one pass.
        """
        with self.fp32():
            power = self._named(opset.multiply(value, value))
            mean = self._named(opset.reduce_mean(power, np.array([-1], np.int64), keep_dims=True))
            rms = self._named(opset.sqrt(self.shift(mean, _SILENCE)))
            scale = self._named(opset.divide(self.constant(np.asarray(1, np.float32)), rms))
            return self.scale(self.multiply(value, scale), gamma)

    def attention(self, query: Node, key: Node, value: Node) -> Node:
        """All three: [batch, heads, positions, channels]."""
        return self._named(opset.scaled_dot_product_attention(query, key, value, causal=False))

    def result(self, value: Node, name: str) -> Node:
        node = opset.result(value)
        node.output(0).set_names({name})
        return node

    def _named(self, node: Node) -> Node:
        self._count += 1
        name = f"{node.get_type_name()}_{self._count}"
        node.set_friendly_name(name)
        if self._fp32:
            self.fp32_names.add(name)
        return node


def _forget_first(gates: Array, hidden: int) -> Array:
    """The runtime has the forget gate before the input gate."""
    return np.concatenate([gates[:, hidden : 2 * hidden], gates[:, :hidden], gates[:, 2 * hidden :]], 1)
