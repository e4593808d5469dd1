"""Protocol 2: the JSON lines between the worker and the engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from separation_engine.errors import EngineError, InvalidInputError
from separation_engine.separating.request import SeparationRequest

PROTOCOL = 2
MAX_LINE_BYTES = 1 << 20
_MAX_OVERLAP = 0.9
_MAX_SHIFTS = 10


@dataclass(frozen=True)
class Cancel:
    """Stop this job after the segment that runs."""

    id: str


@dataclass(frozen=True)
class Shutdown:
    """Finish nothing and end."""


Message = SeparationRequest | Cancel | Shutdown


class BadMessageError(InvalidInputError):
    """A line that is no message of this protocol. id: the job that it names, if it does."""

    def __init__(self, reason: str, job: str | None = None) -> None:
        super().__init__(reason)
        self.id = job


def parse_message(line: bytes) -> Message:
    """Raises BadMessageError."""
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise BadMessageError("a line is no JSON") from error
    if not isinstance(fields, dict):
        raise BadMessageError("a line is no JSON object")
    kind = fields.get("type")
    if kind == "shutdown":
        return Shutdown()
    job = fields.get("id")
    if not isinstance(job, str) or not job:
        raise BadMessageError("a message has no id")
    if kind == "cancel":
        return Cancel(job)
    if kind == "separate":
        try:
            return _parse_request(job, fields)
        except (KeyError, TypeError, ValueError) as error:
            raise BadMessageError(f"a request is broken: {error}", job) from error
    raise BadMessageError(f"no message is called {kind!r}", job)


def _parse_request(job: str, fields: Mapping[str, object]) -> SeparationRequest:
    stems = fields["stems"]
    if not isinstance(stems, list) or not stems:
        raise ValueError("stems is no list of names")
    overlap, shifts = fields.get("overlap", 0.25), fields.get("shifts", 0)
    if isinstance(overlap, bool) or not isinstance(overlap, (int, float)) or not 0 <= overlap <= _MAX_OVERLAP:
        raise ValueError(f"overlap is not within 0 and {_MAX_OVERLAP}")
    if isinstance(shifts, bool) or not isinstance(shifts, int) or not 0 <= shifts <= _MAX_SHIFTS:
        raise ValueError(f"shifts is not within 0 and {_MAX_SHIFTS}")
    return SeparationRequest(
        id=job,
        request_id=_text(fields.get("requestId", "-"), "requestId"),
        input=Path(_text(fields["input"], "input")),
        output_dir=Path(_text(fields["outputDir"], "outputDir")),
        model=_text(fields["model"], "model"),
        stems=tuple(dict.fromkeys(_text(stem, "stems") for stem in stems)),
        overlap=float(overlap),
        shifts=shifts,
    )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is no text")
    return value


def error_message(job: str | None, error: BaseException) -> dict[str, object]:
    """The protocol's answer to a failure; what is no EngineError is `internal`."""
    known = error if isinstance(error, EngineError) else None
    return {
        "type": "error",
        "id": job,
        "code": known.code if known else EngineError.code,
        "message": str(error) if known else f"{type(error).__name__}: {error}",
        "retryable": known.retryable if known else EngineError.retryable,
    }


class MessageWriter:
    """Writes whole lines from any thread. Raises OSError when nobody reads any more."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, object]) -> None:
        line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()
