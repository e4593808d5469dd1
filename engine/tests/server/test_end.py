from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.engine_process import separate_message
from tests.server.conftest import Start
from tests.sounds import RATE, song, write_wav
from tests.waiting import wait_until


def test_the_end_of_stdin_leaves_no_process(start: Start, tmp_path: Path) -> None:
    process = start()
    process.wait_for_type("ready")
    song_path = write_wav(tmp_path / "a.wav", song(60 * RATE))
    process.send(separate_message(song_path, tmp_path / "out", "job"))
    process.wait_for_type("progress", "job")
    process.close_stdin()
    assert process.wait_for_end() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_shutdown_ends_at_once_with_status_0(start: Start, tmp_path: Path) -> None:
    process = start()
    process.wait_for_type("ready")
    song_path = write_wav(tmp_path / "a.wav", song(60 * RATE))
    process.send(separate_message(song_path, tmp_path / "out", "job"))
    process.wait_for_type("progress", "job")
    process.send({"type": "shutdown"})
    assert process.wait_for_end() == 0


def test_a_fault_with_a_marker_happens_once(start: Start, tmp_path: Path) -> None:
    song_path = write_wav(tmp_path / "a.wav", song(RATE))
    fault = f"crash:{tmp_path / 'marker'}"
    process = start(ENGINE_FAULT=fault)
    process.wait_for_type("ready")
    process.send(separate_message(song_path, tmp_path / "out", "job"))
    assert process.wait_for_end() == -signal.SIGKILL
    process = start(ENGINE_FAULT=fault)
    process.wait_for_type("ready")
    process.send(separate_message(song_path, tmp_path / "out", "job"))
    process.wait_for_type("result", "job")


def test_the_fault_oom_is_an_error(start: Start, tmp_path: Path) -> None:
    process = start(ENGINE_FAULT="oom")
    process.wait_for_type("ready")
    process.send(separate_message(write_wav(tmp_path / "a.wav", song(RATE)), tmp_path / "out", "job"))
    error = process.wait_for_type("error", "job")
    assert error["code"] == "out_of_memory"


def test_a_lost_device_ends_the_engine_and_blames_no_job(start: Start, tmp_path: Path) -> None:
    process = start(ENGINE_FAULT="lost")
    process.wait_for_type("ready")
    process.send(separate_message(write_wav(tmp_path / "a.wav", song(RATE)), tmp_path / "out", "job"))
    with pytest.raises(AssertionError, match="the engine ended"):
        process.wait_for_type("error", "job")
    assert process.wait_for_end() == 1


def test_the_fault_hang_stops_the_heartbeats(start: Start, tmp_path: Path) -> None:
    process = start(ENGINE_FAULT="hang")
    process.wait_for_type("ready")
    process.send(separate_message(write_wav(tmp_path / "a.wav", song(RATE)), tmp_path / "out", "job"))
    stat = Path(f"/proc/{process.pid}/stat")
    wait_until(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T")
