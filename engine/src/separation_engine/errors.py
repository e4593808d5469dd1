"""Errors of the engine: one class for each thing a caller can do something about."""

from __future__ import annotations

from typing import ClassVar


class EngineError(Exception):
    """A failure with a stable protocol code; `retryable` says whether the same job may pass later."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False


class UnknownModelError(EngineError):
    """The name is no model name at all."""

    code = "unknown_model"


class UnknownStemError(EngineError):
    """The model does not make this stem."""

    code = "unknown_stem"


class InvalidInputError(EngineError):
    """The request or its input file cannot be worked on."""

    code = "invalid_input"


class NotFiniteError(EngineError):
    """The network answered with a sample that is not finite."""

    code = "not_finite"


class OutOfMemoryError(EngineError):
    """Host or device memory ran out, even with the smallest batch."""

    code = "out_of_memory"
    retryable = True


class DeviceLostError(BaseException):
    """Every call of the device fails from now on, so the process has to end: a new one may do better.

    No EngineError, and not to be caught with them: no job is to blame.
    """


class CancelledError(EngineError):
    """The job was cancelled between two segments."""

    code = "cancelled"


class ModelNotInstalledError(EngineError):
    """The model, or a library that it needs, is not installed here."""

    code = "model_not_installed"


class WeightsMismatchError(EngineError):
    """The weights on disk are not those that were recorded, or not of an allowed kind."""

    code = "weights_mismatch"


class SelfCheckFailedError(EngineError):
    """The known segment did not come out as its reference says."""

    code = "self_check_failed"


class DeviceUnavailableError(EngineError):
    """The wanted device or backend is not there."""

    code = "device_unavailable"
