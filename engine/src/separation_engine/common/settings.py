"""The engine's settings, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar, get_args

from separation_engine.common.device import GpuTrial, Precision

DEFAULT_MODEL = "htdemucs"
DeviceChoice = Literal["auto", "cpu", "cuda"]
BackendChoice = Literal["auto", "torch", "openvino"]
LogLevel = Literal["debug", "info", "warn", "error"]
LicenceClass = Literal["permissive", "copyleft", "non-commercial", "none-stated", "own"]
_Choice = TypeVar("_Choice", bound=str)


class SettingsError(Exception):
    """A setting has a value that is not allowed. The message names the setting."""


@dataclass(frozen=True)
class Settings:
    """models_dir: None if only the demo model is needed. cache_dir: for compiled models and references.

    model_licences: only models with licenses of these classes are fetched. accepted_licences: the classes
    that the operator has accepted beforehand. gpu_trials: see BackendSettings; none until they are measured.
    """

    models_dir: Path | None
    cache_dir: Path
    model: str
    device: DeviceChoice
    backend: BackendChoice
    precision: Precision
    log_level: LogLevel
    model_licences: frozenset[LicenceClass] = frozenset(get_args(LicenceClass))
    accepted_licences: frozenset[LicenceClass] = frozenset()
    gpu_trials: frozenset[GpuTrial] = frozenset()

    def changed(
        self, *, model: str | None = None, device: str | None = None, backend: str | None = None
    ) -> Settings:
        """These settings with the command line's values on top."""
        return replace(
            self,
            model=model or self.model,
            device=_choose("device", device or self.device, get_args(DeviceChoice)),
            backend=_choose("backend", backend or self.backend, get_args(BackendChoice)),
        )

    def for_references(self) -> Settings:
        """What results are compared with: float32, without anything to try out."""
        return replace(self, precision="fp32", gpu_trials=frozenset())


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsError."""
    models_dir = Path(environment["MODELS_DIR"]).absolute() if environment.get("MODELS_DIR") else None
    cache = environment.get("ENGINE_CACHE_DIR")
    default_cache = models_dir / ".cache" if models_dir else Path.home() / ".cache" / "separation-engine"
    return Settings(
        models_dir=models_dir,
        cache_dir=Path(cache).absolute() if cache else default_cache,
        model=environment.get("MODEL") or DEFAULT_MODEL,
        device=_read(environment, "DEVICE", "auto", get_args(DeviceChoice)),
        backend=_read(environment, "ENGINE_BACKEND", "auto", get_args(BackendChoice)),
        precision=_read(environment, "PRECISION", "fp32", get_args(Precision)),
        log_level=_read(environment, "LOG_LEVEL", "info", get_args(LogLevel)),
        model_licences=_read_list(environment, "MODEL_LICENCES", get_args(LicenceClass))
        or Settings.model_licences,
        accepted_licences=_read_list(environment, "ACCEPT_LICENCES", get_args(LicenceClass)),
        gpu_trials=_read_list(environment, "ENGINE_GPU_TRIALS", get_args(GpuTrial)),
    )


def _read_list(environment: Mapping[str, str], name: str, choices: tuple[_Choice, ...]) -> frozenset[_Choice]:
    parts = [part.strip() for part in environment.get(name, "").split(",")]
    return frozenset(_choose(name, part, choices) for part in parts if part)


def _read(environment: Mapping[str, str], name: str, default: str, choices: tuple[_Choice, ...]) -> _Choice:
    return _choose(name, environment.get(name) or default, choices)


def _choose(name: str, value: str, choices: tuple[_Choice, ...]) -> _Choice:
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}, but must be one of {', '.join(choices)}")
    return next(choice for choice in choices if choice == value)
