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

from separation_engine.architectures.htdemucs.openvino.graph import GRAPH_VERSION
from separation_engine.backends.base import BackendSettings
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.select import BackendSelector
from separation_engine.checks import precision_check
from separation_engine.errors import DeviceUnavailableError, SelfCheckFailedError
from separation_engine.models.weights import NetworkWeights
from separation_engine.serving.model_cache import ResidentModels
from separation_engine.settings import Settings
from tests.models import SHORT, short, write_model
from tests.runs import EchoNetwork, make_model

RECORD = "00000000.bf16.json"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A model that was loaded in bf16 once."""
    folder = tmp_path_factory.mktemp("bf16")
    try:
        OpenvinoBackend(BackendSettings("cpu", "bf16", folder))
    except DeviceUnavailableError:
        pytest.skip("this CPU has no bfloat16 arithmetic")
    write_model(folder / "models", "short", [short()], settings=SHORT)
    settings = Settings(folder / "models", folder / "cache", "short", "cpu", "openvino", "bf16", "info")
    ResidentModels(settings).load("short")
    return settings


@pytest.fixture
def settings(measured: Settings) -> Iterator[Settings]:
    """The same, for a test that changes what was measured."""
    content = (measured.cache_dir / RECORD).read_bytes()
    yield measured
    (measured.cache_dir / RECORD).write_bytes(content)


def record(settings: Settings) -> dict[str, object]:
    content: dict[str, object] = json.loads((settings.cache_dir / RECORD).read_text("utf-8"))
    return content


def change(settings: Settings, **fields: object) -> None:
    (settings.cache_dir / RECORD).write_text(json.dumps({**record(settings), **fields}), "utf-8")


def test_a_good_network_is_measured_once(settings: Settings) -> None:
    likeness = record(settings)["likeness_db"]
    assert isinstance(likeness, float)
    assert 40 <= likeness < 120

    change(settings, likeness_db=55.5)
    ResidentModels(settings).load("short")
    assert record(settings)["likeness_db"] == 55.5, "a second load asks the record"


def test_below_40_db_is_refused_in_a_sentence(settings: Settings) -> None:
    change(settings, likeness_db=39.9)

    with pytest.raises(SelfCheckFailedError, match=r"39\.9 dB .* set PRECISION=fp32"):
        ResidentModels(settings).load("short")


def test_a_measure_is_of_one_graph(settings: Settings) -> None:
    made_by = record(settings)["made_by"]
    assert isinstance(made_by, list)
    assert f"graph {GRAPH_VERSION}" in made_by


def test_what_was_measured_elsewhere_does_not_count(settings: Settings) -> None:
    change(settings, likeness_db=10.0, made_by=["another processor"])

    ResidentModels(settings).load("short")
    assert record(settings)["made_by"] != ["another processor"]


@pytest.mark.parametrize("likeness_db", [None, "60"])
def test_a_record_of_another_form_does_not_count(settings: Settings, likeness_db: object) -> None:
    change(settings, likeness_db=likeness_db)

    ResidentModels(settings).load("short")
    assert isinstance(record(settings)["likeness_db"], float)


def test_what_cannot_be_measured_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.cache_dir / RECORD).write_text("{}", "utf-8")
    # ends the child process, not this one
    monkeypatch.setenv("LOG_LEVEL", "nonsense")

    with pytest.raises(SelfCheckFailedError, match="measure-precision"):
        ResidentModels(settings).load("short")


def test_a_precision_that_is_no_gain_is_warned_of(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    change(settings, fp32_seconds=1.0, seconds=0.5)
    with caplog.at_level(logging.WARNING, precision_check.__name__):
        ResidentModels(settings).load("short")
        assert not caplog.records
        change(settings, fp32_seconds=0.5, seconds=1.0)
        ResidentModels(settings).load("short")
    assert "slower than float32" in caplog.text


def test_a_segment_is_timed_in_a_full_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=4)
    monkeypatch.setattr(network, "close", lambda: None)
    backend = make_model([network]).backend
    monkeypatch.setattr(backend, "load", lambda _: network)
    selector = SimpleNamespace(open=lambda _: backend)
    monkeypatch.setattr(BackendSelector, "of", lambda *_: selector)
    settings = Settings(None, tmp_path, "model", "cpu", "torch", "fp32", "info")
    ticks = itertools.count(step=4.0)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    stems, seconds, _ = precision_check._separate(cast("NetworkWeights", None), "fp32", settings, None)
    assert network.batches == [4, 4, 4]
    assert [stem.shape for stem in stems] == [(4, 2, network.segment_samples)] * 3
    assert seconds == 1.0
