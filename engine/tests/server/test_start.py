from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.engine_process import separate_message
from tests.model_files import SHORT
from tests.models import short, write_model
from tests.server.conftest import Start
from tests.sounds import RATE, song, write_wav
from tests.waiting import wait_until


def test_torch_on_a_cpu_restarts_with_tuned_malloc(start: Start, tmp_path: Path) -> None:
    process = start(ENGINE_BACKEND="torch")
    ready = process.wait_for_type("ready")
    assert ready["backend"] == "torch"
    assert b"GLIBC_TUNABLES=glibc.malloc" in Path(f"/proc/{process.pid}/environ").read_bytes()
    process.send(separate_message(write_wav(tmp_path / "a.wav", song(RATE)), tmp_path / "out", "job"))
    assert process.wait_for_type("result", "job")["backend"] == "torch"


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


def test_library_output_never_reaches_the_messages(start: Start) -> None:
    script = (
        "import sys, os; print('library says hello', flush=True); os.write(1, b'{\"type\":\"ready\"}');"
        "sys.argv[1:] = ['serve']; from separation_engine.__main__ import main; sys.exit(main())"
    )
    process = start([sys.executable, "-c", script])
    process.wait_for_type("ready")
    assert all({"type"} < answer.keys() for answer in process.messages)


def swap_reference(folder: Path, other: Path) -> None:
    """Replace the model's fingerprint with that of other weights, as if its network were broken."""
    from separation_engine.checks.self_check import read_reference, reference_path, write_reference
    from separation_engine.models.folder import read_folder

    mine, foreign = (read_folder(path, "short").hashes["00000000.safetensors"] for path in (folder, other))
    fingerprint = read_reference(reference_path(other, "00000000"), foreign)
    assert fingerprint is not None
    write_reference(reference_path(folder, "00000000"), mine, fingerprint)
