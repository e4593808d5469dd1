from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.engine_process import TIMEOUT_SECONDS, EngineProcess, separate_message
from tests.model_files import FOUR, SHORT
from tests.models import short, write_model
from tests.sounds import RATE, read_wav, song, write_wav
from tests.stock import stock

Start = Callable[..., EngineProcess]


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "short", [short()], settings=SHORT)
    return folder


def environment(models_dir: Path) -> dict[str, str]:
    return {"MODELS_DIR": str(models_dir), "MODEL": "short", "DEVICE": "cpu"}


@pytest.fixture(scope="module")
def engine(models_dir: Path) -> Iterator[EngineProcess]:
    """A shared engine, for tests that do not stop it."""
    process = EngineProcess(environment(models_dir))
    process.wait_for_type("ready")
    yield process
    process.close()


@pytest.fixture
def start(models_dir: Path) -> Iterator[Start]:
    """Starts engines for one test."""
    started: list[EngineProcess] = []

    def begin(command: list[str] | None = None, **more: str) -> EngineProcess:
        started.append(EngineProcess({**environment(models_dir), **more}, command))
        return started[-1]

    yield begin
    for process in started:
        process.close()


def test_ready_describes_the_engine(engine: EngineProcess) -> None:
    ready = next(message for message in engine.messages if message["type"] == "ready")
    assert ready["protocol"] == 4
    assert (ready["backend"], ready["device"], ready["precision"]) == ("openvino", "cpu", "fp32")
    assert ready["defaultModel"] == "short"
    (short,) = (model for model in ready["models"] if model["name"] == "short")
    assert short["stems"] == FOUR
    assert len(short["signature"]) == 1
    assert {"python", "numpy", "openvino"} <= ready["versions"].keys()
    assert ready["deviceName"]
    assert ready["memoryBytes"] > 1e7


def test_separates_with_growing_progress_and_equals_stock(engine: EngineProcess, tmp_path: Path) -> None:
    mix = song(5 * RATE)
    engine.send(separate_message(write_wav(tmp_path / "a.wav", mix), tmp_path / "a", "equal"))
    result = engine.wait_for_type("result", "equal")
    progress = [one for one in engine.messages if one["type"] == "progress" and one["id"] == "equal"]
    done = [one["doneSamples"] for one in progress]
    assert done == sorted(set(done))
    assert len(done) == 7
    assert done[-1] == progress[-1]["totalSamples"]
    assert {one["gainDb"] for one in progress} == {0}
    assert progress[-1]["writtenSamples"] == result["samples"] == 5 * RATE
    assert (result["signature"], result["sampleRate"], result["gainDb"]) == (["00000000"], RATE, 0)
    assert len(result["weightsSha256"]) == 64
    assert set(result["seconds"]) == {"load", "separate"}
    expected = stock(short(), mix)
    assert [stem["name"] for stem in result["stems"]] == FOUR
    for index, stem in enumerate(result["stems"]):
        assert np.abs(read_wav(Path(stem["path"])) - expected[index]).max() <= 1e-4


def test_multiplexes_jobs(engine: EngineProcess, tmp_path: Path) -> None:
    song_path = write_wav(tmp_path / "a.wav", song(12 * RATE))
    for job in ("one", "two"):
        engine.send(separate_message(song_path, tmp_path / job, job))
    engine.wait_for_type("result", "one")
    engine.wait_for_type("result", "two")
    progress = [message["id"] for message in engine.messages if message["type"] == "progress"]
    order = [job for job in progress if job in {"one", "two"}]
    # the first job may be a few segments ahead when the second arrives
    both = order.index("two") - 1
    assert order[both : both + 6] == ["one", "two"] * 3
    first, second = ((tmp_path / job / "vocals.wav").read_bytes() for job in ("one", "two"))
    assert first == second


def test_continues_with_the_next_job_after_a_cancel(engine: EngineProcess, tmp_path: Path) -> None:
    long = write_wav(tmp_path / "long.wav", song(60 * RATE))
    engine.send(separate_message(long, tmp_path / "long", "long"))
    engine.wait_for_type("progress", "long")
    engine.send({"type": "cancel", "id": "long"})
    error = engine.wait_for_type("error", "long")
    assert error["code"] == "cancelled"
    brief = write_wav(tmp_path / "brief.wav", song(RATE))
    engine.send(separate_message(brief, tmp_path / "brief", "brief"))
    engine.wait_for_type("result", "brief")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": "nonsense"}, "unknown_model"),
        ({"model": "../short"}, "unknown_model"),
        ({"model": "htdemucs"}, "model_not_installed"),
        ({"stems": ["piano"]}, "unknown_stem"),
        ({"stems": []}, "invalid_input"),
        ({"overlap": 0.95}, "invalid_input"),
        ({"overlap": True}, "invalid_input"),
        ({"shifts": 11}, "invalid_input"),
        ({"input": "/nowhere.wav"}, "invalid_input"),
    ],
)
def test_a_bad_request_is_an_error(
    engine: EngineProcess, tmp_path: Path, change: dict[str, object], code: str
) -> None:
    job = f"bad-{len(engine.messages)}"
    song_path = write_wav(tmp_path / "a.wav", song(RATE))
    engine.send(separate_message(song_path, tmp_path / "out", job, **change))
    error = engine.wait_for_type("error", job)
    assert error["code"] == code


@pytest.mark.parametrize(
    "line", [b"garbage", b"[]", b"{}", b'{"type":"dance","id":""}', b"\xff\xfe", b"1e999"]
)
def test_survives_an_invalid_line(engine: EngineProcess, line: bytes) -> None:
    engine.send(line)
    assert engine.wait_for_type("error")["code"] == "invalid_input"


def test_a_broken_song_is_an_error(engine: EngineProcess, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF nonsense")
    engine.send(separate_message(tmp_path / "a.wav", tmp_path / "out", "broken"))
    assert engine.wait_for_type("error", "broken")["code"] == "invalid_input"


def test_the_same_job_does_not_run_twice_at_once(engine: EngineProcess, tmp_path: Path) -> None:
    song_path = write_wav(tmp_path / "a.wav", song(20 * RATE))
    message = separate_message(song_path, tmp_path / "out", "twice")
    engine.send(message)
    engine.send(message)
    assert "already running" in str(engine.wait_for_type("error", "twice")["message"])
    engine.wait_for_type("result", "twice")


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


def test_logs_are_json_lines_that_name_the_job(engine: EngineProcess, tmp_path: Path) -> None:
    engine.send(separate_message(write_wav(tmp_path / "a.wav", song(RATE)), tmp_path / "out", "logged"))
    engine.wait_for_type("result", "logged")
    lines = [json.loads(line) for line in engine.logs if line.startswith("{")]
    about = [line for line in lines if line.get("id") == "logged"]
    assert about
    assert all(line["requestId"] == "request-logged" and line["level"] == "info" for line in about)


def test_torch_on_a_cpu_restarts_with_tuned_malloc(start: Start, tmp_path: Path) -> None:
    process = start(ENGINE_BACKEND="torch")
    ready = process.wait_for_type("ready")
    assert ready["backend"] == "torch"
    assert b"GLIBC_TUNABLES=glibc.malloc" in Path(f"/proc/{process.pid}/environ").read_bytes()
    process.send(separate_message(write_wav(tmp_path / "a.wav", song(RATE)), tmp_path / "out", "job"))
    assert process.wait_for_type("result", "job")["backend"] == "torch"


def test_library_output_never_reaches_the_messages(start: Start) -> None:
    script = (
        "import sys, os; print('library says hello', flush=True); os.write(1, b'{\"type\":\"ready\"}');"
        "sys.argv[1:] = ['serve']; from separation_engine.__main__ import main; sys.exit(main())"
    )
    process = start([sys.executable, "-c", script])
    process.wait_for_type("ready")
    assert all({"type"} < answer.keys() for answer in process.messages)


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


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DEVICE": "cuda"}, "device_unavailable"),
        ({"MODEL": "htdemucs"}, "model_not_installed"),
        ({"ENGINE_BACKEND": "openvino", "DEVICE": "cuda"}, "device_unavailable"),
    ],
)
def test_reports_why_it_cannot_start(start: Start, change: dict[str, str], code: str) -> None:
    process = start(**change)
    assert process.wait_for_type("error")["code"] == code
    assert process.wait_for_end() == 1


def test_refuses_to_start_if_the_self_check_fails(start: Start, tmp_path: Path) -> None:
    folder = write_model(tmp_path, "short", [short()], settings=SHORT)
    other = write_model(tmp_path / "other", "short", [short(9)], settings=SHORT)
    swap_reference(folder, other)
    process = start(MODELS_DIR=str(tmp_path))
    assert process.wait_for_type("error")["code"] == "self_check_failed"
    assert process.wait_for_end() == 1


def test_an_invalid_setting_stops_the_start(start: Start) -> None:
    process = start(DEVICE="gpu")
    assert process.wait_for_end() == 2
    wait_until(lambda: any("DEVICE is 'gpu'" in line for line in process.logs))


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


def swap_reference(folder: Path, other: Path) -> None:
    """Replace the model's fingerprint with that of other weights, as if its network were broken."""
    from separation_engine.checks.self_check import read_reference, reference_path, write_reference
    from separation_engine.models.folder import read_folder

    mine, foreign = (read_folder(path, "short").hashes["00000000.safetensors"] for path in (folder, other))
    fingerprint = read_reference(reference_path(other, "00000000"), foreign)
    assert fingerprint is not None
    write_reference(reference_path(folder, "00000000"), mine, fingerprint)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.01)
