"""The messages that the engine writes. A test compares them with protocol.schema.json."""

from __future__ import annotations

from typing import Literal, TypedDict

from separation_engine.common.errors import EngineError


class _Model(TypedDict):
    name: str
    stems: list[str]
    signature: list[str]
    overlap: float


class _Stem(TypedDict):
    name: str
    path: str
    peak: float


class _Network(TypedDict):
    model: str
    signature: str
    sha256: str
    seconds: float


class _Seconds(TypedDict):
    load: float
    separate: float


class Facts(TypedDict):
    """What computes the stems."""

    backend: str
    device: str
    deviceName: str
    precision: str
    versions: dict[str, str]


class _Ready(Facts):
    type: Literal["ready"]
    protocol: int
    engineVersion: str
    models: list[_Model]
    defaultModel: str
    memoryBytes: int


class _Progress(TypedDict):
    type: Literal["progress"]
    id: str
    doneSamples: int
    totalSamples: int
    writtenSamples: int
    gainDb: int


class _Result(Facts):
    type: Literal["result"]
    id: str
    model: str
    signature: list[str]
    weightsSha256: str
    networks: list[_Network]
    samples: int
    sampleRate: int
    stems: list[_Stem]
    gainDb: int
    residualDb: float | None
    seconds: _Seconds


class _Error(TypedDict):
    type: Literal["error"]
    id: str | None
    code: str
    message: str


class _Heartbeat(TypedDict):
    type: Literal["heartbeat"]
    memoryBytes: int
    cpuSeconds: float
    step: int | None
    expectedCpuSeconds: float | None


Message = _Ready | _Progress | _Result | _Error | _Heartbeat


def error_message(job: str | None, error: BaseException) -> _Error:
    """The message for a failure. Any other exception than EngineError is `internal`."""
    known = isinstance(error, EngineError)
    return {
        "type": "error",
        "id": job,
        "code": error.code if isinstance(error, EngineError) else EngineError.code,
        "message": str(error) if known else f"{type(error).__name__}: {error}",
    }
