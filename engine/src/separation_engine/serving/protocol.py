"""The JSON lines between the worker and the engine: see protocol.schema.json.

The schema is generated from apps/worker/src/engine/protocol.ts with `npm run protocol`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

import fastjsonschema

from separation_engine.common.errors import InvalidInputError
from separation_engine.separating.request import SeparationRequest
from separation_engine.serving.messages import Message

SCHEMA: dict[str, Any] = json.loads((files(__package__) / "protocol.schema.json").read_text("utf-8"))
PROTOCOL: int = SCHEMA["version"]
MAX_LINE_BYTES = 1 << 20
_CHECKS = {
    command["properties"]["type"]["const"]: fastjsonschema.compile(command)
    for command in SCHEMA["command"]["oneOf"]
}


@dataclass(frozen=True)
class Cancel:
    """Stop this job after the current segment."""

    id: str


@dataclass(frozen=True)
class Shutdown:
    """Exit without finishing the jobs."""


Command = SeparationRequest | Cancel | Shutdown


class BadMessageError(InvalidInputError):
    """The line is not a command of this protocol. id: the job it names, if any."""

    def __init__(self, reason: str, job: str | None = None) -> None:
        super().__init__(reason)
        self.id = job


def parse_command(line: bytes) -> Command:
    """Raises BadMessageError."""
    try:
        fields = json.loads(line, parse_constant=_refuse_constant)
    except ValueError as error:
        raise BadMessageError("the line is not JSON") from error
    if not isinstance(fields, dict):
        raise BadMessageError("the line is not a JSON object")
    kind = check_command(fields)
    if kind == "separate":
        return make_request(fields)
    if kind == "cancel":
        return Cancel(fields["id"])
    if kind == "shutdown":
        return Shutdown()
    raise AssertionError(f"the schema has a command that nothing handles: {kind}")


def check_command(fields: Mapping[str, Any]) -> str:
    """The type of the command. Raises BadMessageError."""
    job, kind = fields.get("id"), fields.get("type")
    known_job = job if isinstance(job, str) and job else None
    if not isinstance(kind, str) or kind not in _CHECKS:
        raise BadMessageError(f"unknown command {kind!r}", known_job)
    try:
        _CHECKS[kind](fields, name_prefix=kind)
    except fastjsonschema.JsonSchemaException as error:
        raise BadMessageError(str(error), known_job) from error
    return kind


def make_request(fields: Mapping[str, Any]) -> SeparationRequest:
    """fields: of a valid `separate` command."""
    return SeparationRequest(
        id=fields["id"],
        request_id=fields["requestId"],
        input=Path(fields["input"]),
        output_dir=Path(fields["outputDir"]),
        model=fields["model"],
        stems=tuple(dict.fromkeys(fields["stems"])),
        overlap=float(fields["overlap"]),
        shifts=int(fields["shifts"]),
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class MessageWriter:
    """Writes whole lines from any thread. Raises OSError once the reader is gone."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()
