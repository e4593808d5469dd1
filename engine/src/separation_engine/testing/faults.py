"""Test hook: makes the engine fail at the first segment of a job, as ENGINE_FAULT says.

ENGINE_FAULT=<crash|hang|oom|lost>[:<marker file>]
crash: the process dies by SIGKILL. hang: the whole process stops, heartbeats too. oom: the job fails as if
memory had run out. lost: as if the device had failed for good. With a marker file it acts once: only while
that file is not there, which it makes first.
Without one it acts on every job.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from separation_engine.errors import DeviceLostError
from separation_engine.separating.request import SeparationRequest
from separation_engine.settings import SettingsError


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


def make_fault(setting: str | None) -> Callable[[SeparationRequest], None]:
    """What to call before each forward of a job. Raises SettingsError."""
    if not setting:
        return lambda _: None
    name, _, marker = setting.partition(":")
    if name not in _FAULTS:
        raise SettingsError(f"ENGINE_FAULT is {setting!r}, but may be {', '.join(_FAULTS)}")
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
