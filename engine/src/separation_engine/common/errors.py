"""Errors of the engine: one class for each failure that a caller can act on."""

from __future__ import annotations

from typing import ClassVar


class EngineError(Exception):
    """A failure with a stable protocol code."""

    code: ClassVar[str] = "internal"


class UnknownModelError(EngineError):
    """The name is not a model's name."""

    code = "unknown_model"


class UnknownStemError(EngineError):
    """The model does not make this stem."""

    code = "unknown_stem"


class InvalidRecipeError(EngineError):
    """A recipe of the catalogue makes no sense."""


class InvalidInputError(EngineError):
    """The request or its input file is unusable."""

    code = "invalid_input"


class NotFiniteError(EngineError):
    """The network returned NaN or infinity."""

    code = "not_finite"


class OutOfMemoryError(EngineError):
    """Host or device memory ran out, even with the smallest batch."""

    code = "out_of_memory"


class OutOfDiskError(EngineError):
    """The disk of the job's files is full."""

    code = "out_of_disk"


class DeviceLostError(BaseException):
    """Every further call to the device will fail, so the process must end and be replaced.

    Not an EngineError, so handlers that fail one job never catch it.
    """


class CancelledError(EngineError):
    """The job was cancelled between two segments."""

    code = "cancelled"


class ModelNotInstalledError(EngineError):
    """The model, or a library it needs, is not installed here."""

    code = "model_not_installed"


class WeightsMismatchError(EngineError):
    """The weights differ from their recorded hash, or are of an unsupported kind."""

    code = "weights_mismatch"


class SelfCheckFailedError(EngineError):
    """The known segment does not match its reference."""

    code = "self_check_failed"


class DeviceUnavailableError(EngineError):
    """The requested device or backend is not available."""

    code = "device_unavailable"
