from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from separation_engine.common import cpu_time
from separation_engine.common.cpu_time import cpu_seconds, run_child
from separation_engine.serving.activity import Activity

SPIN = "import time\nwhile time.process_time() < 1: pass"


def test_counts_a_child_while_it_runs() -> None:
    before = cpu_seconds()
    spinning = threading.Thread(
        target=run_child, args=([sys.executable, "-c", SPIN],), kwargs={"timeout": 60, "stdout": -1}
    )
    spinning.start()
    seen = []
    while spinning.is_alive():
        seen.append(cpu_seconds() - before)
        time.sleep(0.05)
    assert any(0.1 < used < 0.9 for used in seen)
    assert cpu_seconds() - before >= 0.9


def test_leaves_out_the_thread_that_asks() -> None:
    before = cpu_seconds()
    until = time.thread_time() + 0.3
    while time.thread_time() < until:
        pass
    assert cpu_seconds() - before < 0.1


def test_asks_ps_where_there_is_no_proc() -> None:
    assert cpu_time._ask_ps(os.getpid()) == pytest.approx(time.process_time(), abs=2)


def test_leaves_out_ps_itself_which_would_hide_a_child_that_hangs() -> None:
    before = cpu_seconds()
    for _ in range(20):
        cpu_time._ask_ps(os.getpid())
    # threads of other libraries may use some
    assert cpu_seconds() - before < 0.02


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0:01.50", 1.5), ("00:01:02", 62), ("2-03:00:01", 183_601), ("", None)],
)
def test_reads_the_times_of_ps(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(ValueError, match="float"):
            cpu_time._parse_ps_time(text)
    else:
        assert cpu_time._parse_ps_time(text) == seconds


def test_run_child_passes_on_what_the_child_reads_and_writes() -> None:
    command = [sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read()[::-1]); sys.exit(3)"]
    done = run_child(command, content=b"abc", timeout=60, stdout=-1)
    assert (done.returncode, done.stdout) == (3, b"cba")


def test_an_activity_expects_what_the_most_expensive_self_check_cost() -> None:
    activity = Activity()
    assert activity.now() == (None, None)
    activity.begin(segments=2)
    assert activity.now() == (1, None)
    activity.checked(1.5)
    activity.checked(0.5)
    activity.begin(segments=2)
    assert activity.now() == (2, 3.0)
    activity.begin()
    assert activity.now() == (3, None)
    activity.rest()
    assert activity.now() == (None, None)
