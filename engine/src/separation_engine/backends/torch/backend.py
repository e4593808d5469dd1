"""Torch on one device."""

from __future__ import annotations

from importlib.metadata import version

import torch

from separation_engine.backends.torch.recorded_forwards import can_record
from separation_engine.common.device import DeviceName, Precision, cpu_limit, cpu_name
from separation_engine.common.errors import DeviceUnavailableError
from separation_engine.networks.interface import BackendSettings


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
        self.cuda_graphs = settings.cuda_graphs and settings.device == "cuda" and can_record()
        self.device_name = torch.cuda.get_device_name() if self.device == "cuda" else cpu_name()
        torch.set_num_threads(cpu_limit())

    def versions(self) -> dict[str, str]:
        cuda = {"cuda": torch.version.cuda} if torch.version.cuda and self.device == "cuda" else {}
        return {"torch": torch.__version__, "demucs": version("demucs"), **cuda}

    def memory_bytes(self) -> int:
        return torch.cuda.memory_reserved() if self.device == "cuda" else 0


def _has_tf32(device: DeviceName) -> bool:
    return device == "cuda" and torch.cuda.get_device_capability() >= (8, 0)
