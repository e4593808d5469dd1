"""Makes the engine fail at the first segment of a job, or slows it down.

The engine loads this file if ENGINE_FAULT is set. Installed engines and images do not contain it.

ENGINE_FAULT=<crash|hang|oom|lost>[:<marker file>]
crash: SIGKILL. hang: the process stops, including its heartbeats. oom: the job runs out of memory. lost: the
device fails for good. With a marker file the fault happens once: it creates the file, and does nothing if the
file exists. Without one it hits every job.

ENGINE_FAULT=slow:<seconds>: every forward takes so much longer.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from separation_engine.common.errors import DeviceLostError
from separation_engine.common.settings import SettingsError
from separation_engine.separating.request import SeparationRequest


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _run_out_of_memory() -> None:
    raise MemoryError


def _lose_the_device() -> None:
    raise DeviceLostError("the device failed")


_FAULTS: dict[str, Callable[[], None]] = {
    "crash": _crash,
    "hang": _hang,
    "oom": _run_out_of_memory,
    "lost": _lose_the_device,
}


def make_fault(setting: str) -> Callable[[SeparationRequest], None]:
    """A function to call before each forward of a job. Raises SettingsError."""
    name, _, marker = setting.partition(":")
    if name == "slow":
        seconds = float(marker)
        return lambda _: time.sleep(seconds)
    if name not in _FAULTS:
        raise SettingsError(f"ENGINE_FAULT is {setting!r}, but must be one of {', '.join(_FAULTS)}, slow")
    seen: set[str] = set()

    def act(request: SeparationRequest) -> None:
        if request.id in seen:
            return
        seen.add(request.id)
        if marker:
            try:
                Path(marker).touch(exist_ok=False)
            except FileExistsError:
                return
        _FAULTS[name]()

    return act
