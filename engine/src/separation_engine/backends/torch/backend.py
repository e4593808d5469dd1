"""Torch on one device."""

from __future__ import annotations

import logging
from importlib.metadata import version
from subprocess import CalledProcessError

import torch

from separation_engine.backends.torch.recorded_forwards import can_record
from separation_engine.common.device import (
    DeviceName,
    GpuTrial,
    Precision,
    cpu_limit,
    cpu_name,
)
from separation_engine.common.errors import DeviceUnavailableError
from separation_engine.networks.interface import BackendSettings

_LOG = logging.getLogger(__name__)


class TorchBackend:
    """fp32 is true float32, without TF32. tf32 multiplies in TF32. fp16 and bf16 use autocast."""

    name = "torch"

    def __init__(self, settings: BackendSettings) -> None:
        if settings.device == "cuda" and not torch.cuda.is_available():
            raise DeviceUnavailableError("torch finds no CUDA device")
        if settings.precision == "tf32" and not _has_tf32(settings.device):
            raise DeviceUnavailableError("TF32 needs an NVIDIA Ampere GPU or newer: set PRECISION=fp32")
        if settings.precision == "fp16" and settings.device != "cuda":
            raise DeviceUnavailableError("float16 needs an NVIDIA GPU: set PRECISION=fp32")
        self.device: DeviceName = settings.device
        self.precision: Precision = settings.precision
        self.gpu_trials = _usable_trials(settings)
        self.device_name = torch.cuda.get_device_name() if self.device == "cuda" else cpu_name()
        torch.set_num_threads(cpu_limit())

    def versions(self) -> dict[str, str]:
        cuda = {"cuda": torch.version.cuda} if torch.version.cuda and self.device == "cuda" else {}
        trials = {"trials": "+".join(sorted(self.gpu_trials))} if self.gpu_trials else {}
        return {"torch": torch.__version__, "demucs": version("demucs"), **cuda, **trials}

    def memory_bytes(self) -> int:
        return torch.cuda.memory_reserved() if self.device == "cuda" else 0


def _usable_trials(settings: BackendSettings) -> frozenset[GpuTrial]:
    """Those that this device and torch can run. The log tells about the others."""
    if settings.device == "cpu":
        return frozenset()
    usable = set(settings.gpu_trials)
    if "graphs" in usable and not can_record():
        usable.remove("graphs")
    if "fused-norms" in usable and (failure := _triton_failure()):
        _LOG.warning("fused-norms has no effect: Triton cannot start kernels: %s", failure)
        usable.remove("fused-norms")
    if "channels-last" in usable and settings.precision == "fp32":
        _LOG.warning("channels-last has no effect with PRECISION=fp32: only tensor cores gain by it")
        usable.remove("channels-last")
    return frozenset(usable)


def _triton_failure() -> str:
    """Empty if Triton is ready. It compiles its launcher first, with a C compiler and Python's headers."""
    try:
        import triton

        _ = triton.runtime.driver.active.utils
    except (ImportError, OSError, RuntimeError, CalledProcessError, AssertionError) as error:
        return str(error) or type(error).__name__
    return ""


def _has_tf32(device: DeviceName) -> bool:
    return device == "cuda" and torch.cuda.get_device_capability() >= (8, 0)
