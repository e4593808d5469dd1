from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.engine_process import EngineProcess, separate_message
from tests.server.conftest import Start
from tests.sounds import RATE, song, write_wav


def test_heartbeats_report_the_memory(engine: EngineProcess) -> None:
    engine.wait_for_type("heartbeat")
    began = time.monotonic()
    beats = [engine.wait_for_type("heartbeat") for _ in range(2)]
    # lines of earlier tests may still be queued, so this bounds the rate from one side only
    assert time.monotonic() - began < 10
    assert all(beat["memoryBytes"] > 1e7 for beat in beats)


def test_heartbeats_tell_a_working_engine_from_a_waiting_one(engine: EngineProcess, tmp_path: Path) -> None:
    began = engine.wait_for(lambda one: one["type"] == "heartbeat" and one["step"] is None)
    assert began["expectedCpuSeconds"] is None
    engine.send(separate_message(write_wav(tmp_path / "a.wav", song(60 * RATE)), tmp_path / "out", "busy"))
    first, second = (
        engine.wait_for(lambda one: one["type"] == "heartbeat" and one["step"] is not None) for _ in range(2)
    )
    engine.send({"type": "cancel", "id": "busy"})
    engine.wait_for_type("error", "busy")
    assert second["step"] > first["step"]
    assert second["cpuSeconds"] > first["cpuSeconds"] > began["cpuSeconds"]
    assert 0 < second["expectedCpuSeconds"] < 60


def test_heartbeats_count_the_child_that_compiles(start: Start, tmp_path: Path) -> None:
    process = start(ENGINE_CACHE_DIR=str(tmp_path))
    process.wait_for_type("ready")
    beats = [one for one in process.messages if one["type"] == "heartbeat"]
    assert all(beat["step"] is not None for beat in beats)
    used = [beat["cpuSeconds"] for beat in beats]
    assert used == sorted(used)
    assert len({beat["step"] for beat in beats}) > 1
