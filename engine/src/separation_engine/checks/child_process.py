"""Runs a command of this engine in a fresh process, to isolate faults that last for a process's life."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from separation_engine.common.errors import SelfCheckFailedError
from separation_engine.common.settings import Settings

_TIMEOUT_SECONDS = 600


def run_engine_child(arguments: Sequence[str], settings: Settings) -> None:
    """Run `separation_engine ARGUMENTS` with these settings to its end. Raises SelfCheckFailedError."""
    environment = {
        **os.environ,
        "ENGINE_CACHE_DIR": str(settings.cache_dir),
        "DEVICE": settings.device,
        "ENGINE_BACKEND": settings.backend,
        "PRECISION": settings.precision,
        **({"MODELS_DIR": str(settings.models_dir)} if settings.models_dir else {}),
    }
    try:
        subprocess.run(
            [sys.executable, "-m", "separation_engine", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise SelfCheckFailedError(f"`{arguments[0]}` of {arguments[1]} failed: {error}") from error
