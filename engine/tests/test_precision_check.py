from __future__ import annotations

import itertools
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

pytest.importorskip("torch")

from separation_engine.architectures.htdemucs.openvino.settings import GRAPH_VERSION
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.select import BackendSelector
from separation_engine.checks import precision_check, references
from separation_engine.common.device import GpuTrial, Precision
from separation_engine.common.errors import DeviceUnavailableError, SelfCheckFailedError
from separation_engine.common.settings import Settings
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import BackendSettings
from separation_engine.serving.model_cache import ModelCache
from tests.model_files import SHORT
from tests.models import short, write_model
from tests.runs import EchoNetwork, make_model

RECORD = "00000000.bf16.json"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a model that has been loaded in bf16 once."""
    folder = tmp_path_factory.mktemp("bf16")
    try:
        OpenvinoBackend(BackendSettings("cpu", "bf16", folder))
    except DeviceUnavailableError:
        pytest.skip("this CPU has no bfloat16 arithmetic")
    write_model(folder / "models", "short", [short()], settings=SHORT)
    settings = Settings(folder / "models", folder / "cache", "short", "cpu", "openvino", "bf16", "info")
    ModelCache(settings).load("short")
    return settings


@pytest.fixture
def settings(measured: Settings) -> Iterator[Settings]:
    """The same, for a test that changes the measurement."""
    content = (measured.cache_dir / RECORD).read_bytes()
    yield measured
    (measured.cache_dir / RECORD).write_bytes(content)


def record(settings: Settings) -> dict[str, object]:
    content: dict[str, object] = json.loads((settings.cache_dir / RECORD).read_text("utf-8"))
    return content


def change(settings: Settings, **fields: object) -> None:
    (settings.cache_dir / RECORD).write_text(json.dumps({**record(settings), **fields}), "utf-8")


def test_measures_a_network_once(settings: Settings) -> None:
    snr = record(settings)["snr_db"]
    assert isinstance(snr, float)
    assert 40 <= snr < 120

    change(settings, snr_db=55.5)
    ModelCache(settings).load("short")
    assert record(settings)["snr_db"] == 55.5, "a second load uses the record"


def test_refuses_less_than_40_db(settings: Settings) -> None:
    change(settings, snr_db=39.9)

    with pytest.raises(SelfCheckFailedError, match=r"39\.9 dB .*: set PRECISION=fp32"):
        ModelCache(settings).load("short")


def test_a_measurement_names_its_graph(settings: Settings) -> None:
    made_by = record(settings)["made_by"]
    assert isinstance(made_by, list)
    assert f"graph {GRAPH_VERSION}" in made_by


def test_ignores_a_measurement_from_another_machine(settings: Settings) -> None:
    change(settings, snr_db=10.0, made_by=["another processor"])

    ModelCache(settings).load("short")
    assert record(settings)["made_by"] != ["another processor"]


@pytest.mark.parametrize("snr_db", [None, "60"])
def test_ignores_a_malformed_record(settings: Settings, snr_db: object) -> None:
    change(settings, snr_db=snr_db)

    ModelCache(settings).load("short")
    assert isinstance(record(settings)["snr_db"], float)


def test_refuses_a_failed_measurement(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.cache_dir / RECORD).write_text("{}", "utf-8")
    # ends the child process, not this one
    monkeypatch.setenv("LOG_LEVEL", "nonsense")

    with pytest.raises(SelfCheckFailedError, match="measure-precision"):
        ModelCache(settings).load("short")


def test_warns_about_a_slower_precision(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    change(settings, fp32_seconds=1.0, seconds=0.5)
    with caplog.at_level(logging.WARNING, precision_check.__name__):
        ModelCache(settings).load("short")
        assert not caplog.records
        change(settings, fp32_seconds=0.5, seconds=1.0)
        ModelCache(settings).load("short")
    assert "slower than float32" in caplog.text


def test_references_have_nothing_that_is_tried_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_model(tmp_path, "short", [short()], settings=SHORT)
    opened: list[tuple[str, frozenset[GpuTrial]]] = []

    class Selector(BackendSelector):
        def __init__(self, settings: Settings, precision: Precision | None = None) -> None:
            opened.append((precision or settings.precision, settings.gpu_trials))
            super().__init__(settings, precision)

    monkeypatch.setattr(references, "BackendSelector", Selector)
    trials: frozenset[GpuTrial] = frozenset({"graphs", "fused-norms"})
    settings = Settings(tmp_path, tmp_path, "short", "cpu", "torch", "tf32", "info", gpu_trials=trials)
    references.store_fingerprint("short", 0, tmp_path / "fingerprint", settings)
    assert opened == [("fp32", frozenset())]


def test_a_segment_is_timed_in_a_full_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=4)
    monkeypatch.setattr(network, "close", lambda: None)
    backend = make_model([network]).backend
    weights = cast("NetworkWeights", SimpleNamespace(load=lambda _: network))
    selector = SimpleNamespace(open=lambda _: backend)
    monkeypatch.setattr(precision_check, "BackendSelector", lambda *_: selector)
    settings = Settings(None, tmp_path, "model", "cpu", "torch", "fp32", "info")
    ticks = itertools.count(step=4.0)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    stems, seconds, _ = precision_check._separate(weights, "fp32", settings, None)
    assert network.batches == [4, 4, 4]
    assert [stem.shape for stem in stems] == [(4, 2, network.segment_samples)] * 3
    assert seconds == 1.0
