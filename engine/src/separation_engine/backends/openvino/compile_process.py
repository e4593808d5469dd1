"""Compiles a network in a process of its own: what compiling leaves in memory, a tenth of what a network
takes, ends with that process and does not stay with the songs.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separation_engine.architectures.htdemucs.openvino.graph import build_graph
from separation_engine.architectures.htdemucs.settings import read_architecture
from separation_engine.backends.base import Precision
from separation_engine.backends.openvino.keep_fp32 import keep_precise
from separation_engine.backends.openvino.memory_mapped_model import export_model
from separation_engine.backends.openvino.runtime import ov
from separation_engine.errors import EngineError, OutOfMemoryError
from separation_engine.models.weights import NetworkWeights

_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Compilation:
    """What is compiled, and where it goes. options: openvino's, for the compiled model."""

    weights: NetworkWeights
    precision: Precision
    options: Mapping[str, Any]
    path: Path


def compile_apart(compilation: Compilation) -> None:
    """Write the compiled model to the path.

    Raises WeightsMismatchError, ModelNotInstalledError, OutOfMemoryError, or EngineError.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import compile_on_request; compile_on_request()"],
            # weights in a file travel as its path
            input=pickle.dumps(compilation),
            stdout=subprocess.PIPE,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"compiling {compilation.weights.signature} took too long: {error}") from error
    if child.returncode == -signal.SIGKILL:
        raise OutOfMemoryError(f"compiling {compilation.weights.signature} was killed: memory ran out")
    if child.returncode:
        raise EngineError(f"compiling {compilation.weights.signature} failed with status {child.returncode}")
    if child.stdout:
        raise pickle.loads(child.stdout)  # noqa: S301 - written by ourselves, below


def compile_on_request() -> None:
    """What the child process does: a compilation comes on stdin, its error, if any, goes to stdout."""
    answers = os.dup(1)
    # what a library prints is no answer
    os.dup2(2, 1)
    try:
        _compile(pickle.load(sys.stdin.buffer))  # noqa: S301 - written by ourselves, above
    except EngineError as error:
        with os.fdopen(answers, "wb") as stream:
            pickle.dump(error, stream)


def _compile(compilation: Compilation) -> None:
    core = ov.Core()
    model, precise = build_graph(read_architecture(compilation.weights), compilation.weights.tensors)
    if compilation.precision == "bf16":
        model = keep_precise(core, model, precise)
    with compilation.path.open("wb") as file:
        export_model(core.compile_model(model, "CPU", dict(compilation.options)), file)
