"""Errors of the client."""

import json

_PASSING = (408, 425, 429, 500, 502, 503, 504)


class ApiError(Exception):
    """An error response of the server; its `code` is stable."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status

    @property
    def is_passing(self) -> bool:
        """Whether the same call may succeed later: the server was busy."""
        return self.status in _PASSING


def api_error(status: int, body: bytes) -> ApiError:
    """Read an error response, which may come from a proxy and not from the server."""
    try:
        problem = json.loads(body)
        return ApiError(str(problem["code"]), status, str(problem.get("detail", "")))
    except (ValueError, KeyError, TypeError):
        return ApiError("internal", status, f"HTTP {status}")
