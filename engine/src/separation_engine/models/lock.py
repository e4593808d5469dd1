"""Lets one process at a time change a model's folder."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL_FOLDER = ".partial"


@contextmanager
def model_lock(models_dir: Path, name: str, say: Callable[[str], None]) -> Iterator[bool]:
    """Hold the model's lock, and yield whether another process had it. The lock ends with its process."""
    folder = models_dir / PARTIAL_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        waited = False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            say(f"another process is fetching {name}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield waited
