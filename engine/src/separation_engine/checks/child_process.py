"""Runs a command of this engine in a fresh process, to isolate faults that last for a process's life."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from separation_engine.common.cpu_time import run_child
from separation_engine.common.errors import SelfCheckFailedError
from separation_engine.common.settings import Settings

# generous: on a busy machine a child may get a fraction of a CPU. The worker notices one that hangs
_TIMEOUT_SECONDS = 3600


@contextmanager
def child_output(command: str, model: str, index: int, settings: Settings) -> Iterator[Path]:
    """Run `separation_engine COMMAND MODEL INDEX FILE`, and yield the file. Raises SelfCheckFailedError."""
    environment = {
        **os.environ,
        "ENGINE_CACHE_DIR": str(settings.cache_dir),
        "DEVICE": settings.device,
        "ENGINE_BACKEND": settings.backend,
        "PRECISION": settings.precision,
        "ENGINE_GPU_TRIALS": ",".join(sorted(settings.gpu_trials)),
        **({"MODELS_DIR": str(settings.models_dir)} if settings.models_dir else {}),
    }
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "output"
        try:
            run_child(
                [sys.executable, "-m", "separation_engine", command, model, str(index), str(output)],
                env=environment,
                stdout=sys.stderr,
                timeout=_TIMEOUT_SECONDS,
            ).check_returncode()
        except subprocess.CalledProcessError as error:
            raise SelfCheckFailedError(
                f"{command} of {model} ended with status {error.returncode}"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise SelfCheckFailedError(f"{command} of {model} took over {_TIMEOUT_SECONDS} s") from error
        yield output
