"""Errors of the client."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RETRYABLE = (408, 425, 429, 500, 502, 503, 504)


class ApiError(Exception):
    """An error response of the server; its `code` is stable.

    `allowed` holds the values that would have been accepted, if the server lists them.
    `retry_after_seconds` is how long the server wants you to wait; None if it does not say.
    """

    def __init__(
        self,
        code: str,
        status: int,
        detail: str,
        *,
        allowed: Sequence[str] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.allowed = tuple(allowed)
        self.retry_after_seconds = retry_after_seconds

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later: the server was busy."""
        return self.status in _RETRYABLE


def api_error(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """Read an error response, which may come from a proxy and not from the server."""
    seconds = _seconds(retry_after)
    try:
        problem = json.loads(body)
        code, detail, allowed = (
            str(problem["code"]),
            str(problem.get("detail", "")),
            problem.get("allowed", []),
        )
    except (ValueError, KeyError, TypeError):
        return ApiError("internal", status, f"HTTP {status}", retry_after_seconds=seconds)
    names = [str(name) for name in allowed] if isinstance(allowed, list) else []
    return ApiError(code, status, detail, allowed=names, retry_after_seconds=seconds)


def _seconds(retry_after: str | None) -> float | None:
    """Read a header that may also hold a date."""
    try:
        seconds = float(retry_after or "nan")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
