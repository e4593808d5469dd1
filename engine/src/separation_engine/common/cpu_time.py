"""CPU time of this process and of the child processes it waits for."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

# a dict, because another thread reads while one starts or ends a child
_running: dict[int, None] = {}
# CPU seconds that ps itself has used; only the heartbeat asks it
_looks = [0.0]
_PS_TIMEOUT_SECONDS = 5
_TICKS = os.sysconf("SC_CLK_TCK")
_USER_TICKS, _SYSTEM_TICKS = 11, 12


def run_child(
    command: Sequence[str],
    *,
    timeout: float,
    content: bytes = b"",
    stdout: int | TextIO,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Like `subprocess.run`, but `cpu_seconds` also counts the child while it runs. content: of its stdin."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, env=env) as child:
        _running[child.pid] = None
        try:
            output, _ = child.communicate(content, timeout=timeout)
        except BaseException:
            child.kill()
            raise
        finally:
            _running.pop(child.pid, None)
    return subprocess.CompletedProcess(command, child.returncode, output)


def cpu_seconds() -> float:
    """CPU time of this process and its children so far, but not of the calling thread."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = ended.ru_utime + ended.ru_stime - _looks[0]
    own = time.process_time() - time.thread_time()
    return own + children + sum(map(_of_process, list(_running)))


def _of_process(pid: int) -> float:
    """0 for a process that has ended."""
    try:
        # the name in field 2 may contain spaces and parentheses: see proc_pid_stat(5)
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS
    except OSError:
        return _ask_ps(pid)


def _ask_ps(pid: int) -> float:
    """For systems without /proc."""
    command = ["/bin/ps", "-o", "time=", "-p", str(pid)]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as ps:
            # the timer ends a ps that hangs: communicate would reap it without its CPU time
            timer = threading.Timer(_PS_TIMEOUT_SECONDS, ps.kill)
            timer.start()
            try:
                text = ps.stdout.read().decode() if ps.stdout else ""
                _, status, used = os.wait4(ps.pid, 0)
            finally:
                timer.cancel()
            ps.returncode = os.waitstatus_to_exitcode(status)
        # ended children count, and each look would pass for work of a child that hangs
        _looks[0] += used.ru_utime + used.ru_stime
        return _parse_ps_time(text)
    except (OSError, ValueError):
        return 0.0


def _parse_ps_time(text: str) -> float:
    """[[days-]hours:]minutes:seconds."""
    days, _, clock = text.strip().rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * float(days or 0)
