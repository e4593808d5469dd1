from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch.nn.functional import conv_transpose2d

from separation_engine.backends.openvino.graph_builder import GraphBuilder
from separation_engine.backends.openvino.runtime import ov

INPUTS, OUTPUTS, ROWS, TIME = 5, 3, 7, 11


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_bands_are_the_rows_of_the_transposed_convolution(stride: int) -> None:
    random = np.random.default_rng(stride)
    value = random.standard_normal((1, INPUTS, ROWS, TIME)).astype(np.float32)
    weight = random.standard_normal((INPUTS, OUTPUTS, 2 * stride, 1)).astype(np.float32)
    bias = random.standard_normal(OUTPUTS).astype(np.float32)
    wanted = conv_transpose2d(
        torch.from_numpy(value), torch.from_numpy(weight), torch.from_numpy(bias), (stride, 1)
    ).numpy()
    build = GraphBuilder()
    parameter = build.parameter(value.shape, "value")

    bands = build.conv_transposed_in_bands(parameter, weight, bias)

    model = ov.Model([build.result(bands, "bands")], [parameter], "bands")
    found = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(value)[0]
    rows = found.reshape(stride, OUTPUTS, ROWS + 1, TIME).transpose(1, 2, 0, 3)
    np.testing.assert_allclose(rows.reshape(1, OUTPUTS, -1, TIME), wanted, rtol=0, atol=1e-5)
