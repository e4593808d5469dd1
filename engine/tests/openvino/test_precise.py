from __future__ import annotations

import numpy as np
import pytest

from separation_engine.backends.openvino.builder import Array, GraphBuilder
from separation_engine.backends.openvino.precise import keep_precise
from separation_engine.backends.openvino.runtime import Model, ov

CORE = ov.Core()
VALUES = np.random.default_rng(0).standard_normal((1, 8, 4, 64)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((8, 8, 1, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _only_with_bfloat16() -> None:
    if "BF16" not in CORE.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this CPU has no bfloat16 arithmetic")


def convolution(*, precise: bool) -> tuple[Model, frozenset[str]]:
    build = GraphBuilder()
    value = build.parameter(VALUES.shape, "value")
    with build.precise(precise):
        convolved = build.conv(value, WEIGHT, np.zeros(8, np.float32))
    model = ov.Model([build.result(convolved, "convolved")], [value], "convolution")
    return model, frozenset(build.precise_names)


def run(model: Model, precision: str) -> Array:
    compiled = CORE.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    found: Array = compiled(VALUES)[0]
    return found


def test_what_is_marked_stays_in_float32() -> None:
    model, names = convolution(precise=True)
    exact = run(model, "f32")

    np.testing.assert_array_equal(run(keep_precise(CORE, model, names), "bf16"), exact)


def test_what_is_not_marked_does_not() -> None:
    model, names = convolution(precise=False)
    exact = run(model, "f32")

    assert np.abs(run(keep_precise(CORE, model, names), "bf16") - exact).max() > 1e-3
