"""What benchmarks ask the GPU's driver, with a driver that is a script."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bench.driver import used_mib, watched
from tests.waiting import wait_until

SCRIPT = """#!/bin/sh
echo "$@" >>"$SEEN/asked"
case "$*" in
*-lms*) echo "20, 500"; echo "40, 700"; touch "$SEEN/told"; exec sleep 60 ;;
*) echo "[N/A], 100" ;;
esac
"""


@pytest.fixture(autouse=True)
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nvidia-smi").write_text(SCRIPT)
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SEEN", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-7,3")
    return tmp_path


def test_reads_the_load_of_the_first_visible_gpu(seen: Path) -> None:
    run = watched(lambda: wait_until((seen / "told").exists), "cuda", None)
    assert (run.busy, run.memory) == (30, 700)
    assert run.seconds > 0
    assert "-i GPU-7 -lms 200" in (seen / "asked").read_text()


def test_work_that_ends_before_the_driver_tells_anything(seen: Path) -> None:
    (seen / "nvidia-smi").write_text("#!/bin/sh\nexec sleep 60\n")
    assert math.isnan(watched(lambda: None, "cuda", None).memory)


def test_reads_the_memory_in_use() -> None:
    assert used_mib() == 100


def test_asks_no_driver_on_a_cpu(seen: Path) -> None:
    assert math.isnan(watched(lambda: None, "cpu", None).busy)
    assert not (seen / "asked").exists()
