from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch.nn.functional import conv2d, glu

from separation_engine.architectures.htdemucs.openvino import winograd
from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.runtime import Node, ov
from separation_engine.common.wav import Samples

Gated = Callable[[GraphBuilder, Node, Array, Array], Node]
CHANNELS, TIME = 24, 19


def weights(channels: int) -> tuple[Array, Array]:
    random = np.random.default_rng(channels)
    weight = random.standard_normal((2 * channels, channels, 3, 3)) / np.sqrt(9 * channels)
    return weight.astype(np.float32), random.standard_normal(2 * channels).astype(np.float32)


def run(gated: Gated, value: Samples, weight: Array, bias: Array) -> Samples:
    build = GraphBuilder()
    parameter = build.parameter(value.shape, "value")
    model = ov.Model([build.result(gated(build, parameter, weight, bias), "out")], [parameter], "gated")
    options = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    found: Samples = ov.Core().compile_model(model, "CPU", options)([value])[0]
    return found


def exact(value: Samples, weight: Array, bias: Array) -> Samples:
    double = [torch.from_numpy(part.astype(np.float64)) for part in (value, weight, bias)]
    wanted: Samples = glu(conv2d(double[0], double[1], double[2], padding=1), 1).numpy()
    return wanted


# a single tile has both ends of the spectrum; the middle one of three has neither
@pytest.mark.parametrize("rows", [4, 8, 12, 32])
def test_equals_the_plain_convolution(rows: int) -> None:
    value = np.random.default_rng(rows).standard_normal((1, CHANNELS, rows, TIME)).astype(np.float32)
    weight, bias = weights(CHANNELS)

    found = run(winograd.gated, value, weight, bias)

    np.testing.assert_allclose(found, exact(value, weight, bias), rtol=0, atol=2e-5)


def test_the_rounding_error_is_below_four_times_the_plain_one() -> None:
    channels = 96
    value = np.random.default_rng(1).standard_normal((1, channels, 8, TIME)).astype(np.float32)
    weight, bias = weights(channels)
    wanted = exact(value, weight, bias)

    plain, sut = (
        np.sqrt(np.mean(np.square(run(gated, value, weight, bias) - wanted)))
        for gated in (GraphBuilder.gated, winograd.gated)
    )

    assert sut < 4 * plain


@pytest.mark.parametrize(
    ("rows", "kernel", "suits"),
    [(4, (3, 3), True), (32, (3, 3), True), (6, (3, 3), False), (36, (3, 3), False), (8, (1, 1), False)],
)
def test_suits_a_few_whole_tiles(rows: int, kernel: tuple[int, int], suits: bool) -> None:
    value = GraphBuilder().parameter((1, 2, rows, TIME), "value")

    assert winograd.suits(value, np.zeros((4, 2, *kernel), np.float32)) is suits
