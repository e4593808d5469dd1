"""The documents of the API that callers read most; the server's OpenAPI document has every field."""

from typing import Any, Literal, TypedDict

Status = Literal["queued", "processing", "completed", "failed", "cancelled"]


class Progress(TypedDict):
    """Measured work: `percent` from 0 to 100."""

    percent: float
    stage: str


class Failure(TypedDict):
    """Why a separation failed."""

    code: str
    message: str


class _Required(TypedDict):
    id: str
    status: Status
    createdAt: str
    title: str
    fileName: str
    model: str
    stems: list[str]
    formats: list[str]
    progress: Progress
    links: dict[str, Any]


class Separation(_Required, total=False):
    """A separation. `receipt` is there once it is completed, and not in lists."""

    startedAt: str
    finishedAt: str
    durationSeconds: float
    queue: dict[str, Any]
    error: Failure
    receipt: dict[str, Any]


class Page(TypedDict):
    """A page of a list, newest first; `nextCursor` is None on the last."""

    separations: list[Separation]
    nextCursor: str | None


class Model(TypedDict, total=False):
    """A model that the server knows."""

    name: str
    stems: list[str]
    installed: bool
    default: bool
