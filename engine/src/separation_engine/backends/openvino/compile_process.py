"""Compiles a model in a child process.

Compiling leaks about a tenth of a network's memory. The leak ends with the child.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from separation_engine.backends.openvino.keep_fp32 import keep_fp32
from separation_engine.backends.openvino.memory_mapped_model import export_model
from separation_engine.backends.openvino.runtime import Model, ov
from separation_engine.common.cpu_time import run_child
from separation_engine.common.device import Precision
from separation_engine.common.errors import EngineError, OutOfMemoryError

# generous: on a busy machine a child may get a fraction of a CPU. The worker notices one that hangs
_TIMEOUT_SECONDS = 3600
# the model, and the names of the operations that must stay in float32
BuildModel: TypeAlias = Callable[[], tuple[Model, frozenset[str]]]


@dataclass(frozen=True)
class Compilation:
    """What to compile, and where to write it. options: OpenVINO's, for the compiled model."""

    name: str
    build: BuildModel
    precision: Precision
    options: Mapping[str, Any]
    path: Path


def compile_in_child(compilation: Compilation) -> None:
    """Write the compiled model to the path. Raises OutOfMemoryError, EngineError, and what `build` raises."""
    name = compilation.name
    try:
        child = run_child(
            [sys.executable, "-c", f"from {__name__} import compile_from_stdin; compile_from_stdin()"],
            # weights on disk are pickled as their path
            content=pickle.dumps(compilation),
            stdout=subprocess.PIPE,
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"compiling {name} took over {_TIMEOUT_SECONDS} s") from error
    if child.returncode == -signal.SIGKILL:
        raise OutOfMemoryError(f"compiling {name} was killed: out of memory")
    if child.returncode:
        raise EngineError(f"compiling {name} failed with status {child.returncode}")
    if child.stdout:
        raise pickle.loads(child.stdout)  # noqa: S301 - our own child wrote it, below


def compile_from_stdin() -> None:
    """Entry point of the child: reads a Compilation from stdin, writes its error, if any, to stdout."""
    answers = os.dup(1)
    # whatever a library prints goes to the logs
    os.dup2(2, 1)
    try:
        _compile(pickle.load(sys.stdin.buffer))  # noqa: S301 - our own parent wrote it, above
    except EngineError as error:
        with os.fdopen(answers, "wb") as stream:
            pickle.dump(error, stream)


def _compile(compilation: Compilation) -> None:
    core = ov.Core()
    model, fp32_names = compilation.build()
    if compilation.precision == "bf16":
        model = keep_fp32(core, model, fp32_names)
    with compilation.path.open("wb") as file:
        export_model(core.compile_model(model, "CPU", dict(compilation.options)), file)
