"""Logs as JSON lines on stderr, in the format the worker reads."""

from __future__ import annotations

import json
import logging
import sys

from separation_engine.common.settings import LogLevel
from separation_engine.separating.request import SeparationRequest

_LEVELS: dict[LogLevel, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
_NAMES = {level: name for name, level in _LEVELS.items()}


class JsonFormatter(logging.Formatter):
    """Writes {"level", "message"}, plus {"id", "requestId"} if the record is about a job."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        fields: dict[str, object] = {"level": _NAMES.get(record.levelno, "error"), "message": message}
        for name in ("id", "requestId"):
            if hasattr(record, name):
                fields[name] = getattr(record, name)
        return json.dumps(fields)


def set_up_logs(level: LogLevel, *, plain: bool = False) -> None:
    """Send all logs of the process to stderr: plain text for people, or JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s") if plain else JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("separation_engine").setLevel(_LEVELS[level])


def about(request: SeparationRequest) -> dict[str, str]:
    """`extra` for a log record about this job."""
    return {"id": request.id, "requestId": request.request_id}
