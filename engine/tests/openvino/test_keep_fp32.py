from __future__ import annotations

import numpy as np
import pytest

from separation_engine.architectures.htdemucs.openvino.graph import build_graph
from separation_engine.architectures.htdemucs.openvino.settings import read_htdemucs_settings
from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.keep_fp32 import keep_fp32
from separation_engine.backends.openvino.runtime import Model, ov
from separation_engine.models.catalogue import DEMO_MODEL
from separation_engine.models.library import ModelLibrary

CORE = ov.Core()
VALUES = np.random.default_rng(0).standard_normal((1, 8, 4, 64)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((8, 8, 1, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _only_with_bfloat16() -> None:
    if "BF16" not in CORE.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this CPU has no bfloat16 arithmetic")


def convolution(*, marked: bool) -> tuple[Model, frozenset[str]]:
    build = GraphBuilder()
    value = build.parameter(VALUES.shape, "value")
    with build.fp32(marked):
        convolved = build.conv(value, WEIGHT, np.zeros(8, np.float32))
    model = ov.Model([build.result(convolved, "convolved")], [value], "convolution")
    return model, frozenset(build.fp32_names)


def run(model: Model, precision: str) -> Array:
    compiled = CORE.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    found: Array = compiled(VALUES)[0]
    return found


def test_marked_operations_run_in_float32() -> None:
    model, names = convolution(marked=True)
    exact = run(model, "f32")

    np.testing.assert_array_equal(run(keep_fp32(CORE, model, names), "bf16"), exact)


def test_unmarked_operations_run_in_bfloat16() -> None:
    model, names = convolution(marked=False)
    exact = run(model, "f32")

    assert np.abs(run(keep_fp32(CORE, model, names), "bf16") - exact).max() > 1e-3


def test_every_marked_operation_of_a_network_runs_in_float32() -> None:
    weights = ModelLibrary(None).find(DEMO_MODEL).read_weights(0)
    model, names = build_graph(read_htdemucs_settings(weights), weights.tensors)
    options = {"INFERENCE_PRECISION_HINT": "bf16"}

    compiled = CORE.compile_model(keep_fp32(CORE, model, names), "CPU", options)

    precisions = {}
    for operation in compiled.get_runtime_model().get_ops():
        facts = {key: str(value.value) for key, value in operation.get_rt_info().items()}
        # the runtime turns a one-row transpose into a reshape and drops the mark
        if facts["layerType"] != "Reshape":
            for name in facts["originalLayersNames"].split(","):
                precisions[name] = facts["runtimePrecision"]
    marked = {name: precisions[name] for name in names & precisions.keys()}
    assert len(marked) > 100
    assert {name for name, precision in marked.items() if precision != "f32"} == set()
