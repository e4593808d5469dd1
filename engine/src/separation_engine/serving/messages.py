"""The messages that the engine writes. A test compares them with protocol.schema.json."""

from __future__ import annotations

from typing import Literal, TypedDict

from separation_engine.common.errors import EngineError


class Model(TypedDict):
    """signature: of its networks, in order."""

    name: str
    stems: list[str]
    signature: list[str]


class Stem(TypedDict):
    """path: float32 WAV without the gain. peak: largest absolute sample before the gain."""

    name: str
    path: str
    peak: float


class Seconds(TypedDict):
    """Wall time of a job."""

    load: float
    separate: float


class Facts(TypedDict):
    """What computes the stems."""

    backend: str
    device: str
    deviceName: str
    precision: str
    versions: dict[str, str]


class Ready(Facts):
    """Sent once, when the default model is loaded."""

    type: Literal["ready"]
    protocol: int
    engineVersion: str
    models: list[Model]
    defaultModel: str
    memoryBytes: int


class Progress(TypedDict):
    """Sent after each segment of a job."""

    type: Literal["progress"]
    id: str
    doneSamples: int
    totalSamples: int
    writtenSamples: int
    gainDb: int


class Result(Facts):
    """The end of a successful job."""

    type: Literal["result"]
    id: str
    model: str
    signature: list[str]
    weightsSha256: str
    samples: int
    sampleRate: int
    stems: list[Stem]
    gainDb: int
    residualDb: float | None
    seconds: Seconds


class Error(TypedDict):
    """The end of a failed job; of the engine itself if id is None."""

    type: Literal["error"]
    id: str | None
    code: str
    message: str


class Heartbeat(TypedDict):
    """Sent every second."""

    type: Literal["heartbeat"]
    memoryBytes: int


Message = Ready | Progress | Result | Error | Heartbeat


def error_message(job: str | None, error: BaseException) -> Error:
    """The message for a failure. Any other exception than EngineError is `internal`."""
    known = isinstance(error, EngineError)
    return {
        "type": "error",
        "id": job,
        "code": error.code if isinstance(error, EngineError) else EngineError.code,
        "message": str(error) if known else f"{type(error).__name__}: {error}",
    }
