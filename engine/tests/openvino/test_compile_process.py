from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.openvino.runtime import ov
from separation_engine.common.errors import EngineError, OutOfMemoryError
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import BackendSettings
from tests.model_files import TINY
from tests.models import tiny
from tests.openvino.conftest import weights_of


@pytest.fixture(scope="module")
def weights() -> NetworkWeights:
    return weights_of(tiny(), TINY)


def separate_noise(weights: NetworkWeights, cache: Path) -> Samples:
    network = weights.load(OpenvinoBackend(BackendSettings("cpu", "fp32", cache)))
    mix = np.random.default_rng(0).uniform(-1, 1, (1, 2, network.segment_samples)).astype(np.float32)
    return network.forward(mix)


def fake_python(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_compiles_in_a_child_process(
    weights: NetworkWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(ov.Core, "compile_model")

    assert np.abs(separate_noise(weights, tmp_path)).max() > 0


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [("kill -9 $$", OutOfMemoryError, "out of memory"), ("exit 3", EngineError, "failed with status 3")],
)
def test_reports_a_compilation_that_died(
    weights: NetworkWeights,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    error: type[EngineError],
    message: str,
) -> None:
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path, script))
    with pytest.raises(error, match=f"{weights.signature}.*{message}"):
        separate_noise(weights, tmp_path / "cache")

    assert list((tmp_path / "cache" / "openvino").iterdir()) == []
