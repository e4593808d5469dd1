from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.common.errors import DeviceUnavailableError, WeightsMismatchError
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import BackendSettings
from tests.model_files import SHORT
from tests.models import short, small_hybrid
from tests.openvino.conftest import Load, weights_of


@pytest.fixture(scope="module")
def weights() -> NetworkWeights:
    return weights_of(short(), SHORT)


def test_refuses_another_class(load: Load) -> None:
    with pytest.raises(WeightsMismatchError, match="HDemucs runs on torch only"):
        load(weights_of(small_hybrid(), {}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cac", False),
        ("rewrite", False),
        ("multi_freqs", [0.5]),
        ("norm_starts", 2),
        ("depth", 5),
        ("t_emb", "cape"),
        ("t_norm_first", False),
        ("t_sparse_self_attn", True),
        ("use_train_segment", False),
        ("channels_time", 8),
    ],
)
def test_refuses_an_unsupported_switch_by_name(
    load: Load, weights: NetworkWeights, name: str, value: object
) -> None:
    with pytest.raises(WeightsMismatchError, match=name):
        load(replace(weights, kwargs={**SHORT, name: value}))


def test_refuses_a_missing_tensor(load: Load, weights: NetworkWeights) -> None:
    tensors = {name: value for name, value in weights.tensors.items() if name != "encoder.0.conv.bias"}
    with pytest.raises(WeightsMismatchError, match=r"encoder\.0\.conv\.bias"):
        load(replace(weights, tensors=tensors, sha256="1"))


def test_refuses_a_tensor_that_the_graph_would_leave_out(load: Load, weights: NetworkWeights) -> None:
    tensors = {**weights.tensors, "encoder.0.norm1.weight": np.ones(4, np.float32)}
    with pytest.raises(WeightsMismatchError, match=r"encoder\.0\.norm1\.weight"):
        load(replace(weights, tensors=tensors, sha256="2"))


def test_refuses_a_tensor_of_another_shape(load: Load, weights: NetworkWeights) -> None:
    tensors = {**weights.tensors, "encoder.1.conv.weight": np.ones((8, 5, 8, 1), np.float32)}
    with pytest.raises(WeightsMismatchError):
        load(replace(weights, tensors=tensors, sha256="3"))


def test_refuses_an_odd_stride(load: Load, weights: NetworkWeights) -> None:
    with pytest.raises(WeightsMismatchError, match="stride 3"):
        load(replace(weights, kwargs={**SHORT, "stride": 3, "kernel_size": 6}))


@pytest.mark.parametrize("name", ["decoder.3.conv_tr.weight", "tdecoder.3.conv_tr.weight"])
def test_refuses_a_last_kernel_of_another_length(load: Load, weights: NetworkWeights, name: str) -> None:
    kernel = weights.tensors[name]
    longer = np.concatenate([kernel, kernel[:, :, :2]], 2)
    with pytest.raises(WeightsMismatchError, match="instead of"):
        load(replace(weights, tensors={**weights.tensors, name: longer}, sha256=name))


def test_refuses_another_device(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailableError):
        OpenvinoBackend(BackendSettings("cuda", "fp32", tmp_path))
