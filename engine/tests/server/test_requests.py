from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.engine_process import EngineProcess, separate_message
from tests.model_files import FOUR
from tests.models import short
from tests.sounds import RATE, read_wav, song, write_wav
from tests.stock import stock


def test_ready_describes_the_engine(engine: EngineProcess) -> None:
    ready = next(message for message in engine.messages if message["type"] == "ready")
    assert ready["protocol"] == 5
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
    (line,) = [line for line in engine.logs if "cancelled" in line and json.loads(line)["id"] == "long"]
    assert json.loads(line)["level"] == "info"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": "nonsense"}, "unknown_model"),
        ({"model": "../short"}, "unknown_model"),
        ({"model": "htdemucs"}, "model_not_installed"),
        ({"model": "ft3", "stems": ["drums"]}, "model_not_installed"),
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


def test_logs_are_json_lines_that_name_the_job(engine: EngineProcess, tmp_path: Path) -> None:
    engine.send(separate_message(write_wav(tmp_path / "a.wav", song(RATE)), tmp_path / "out", "logged"))
    engine.wait_for_type("result", "logged")
    lines = [json.loads(line) for line in engine.logs if line.startswith("{")]
    about = [line for line in lines if line.get("id") == "logged"]
    assert about
    assert all(line["requestId"] == "request-logged" and line["level"] == "info" for line in about)
