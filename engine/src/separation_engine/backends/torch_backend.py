"""Networks on torch with the demucs package: for CUDA, and as the reference on a CPU."""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from typing import cast

import numpy as np
import torch
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs

from separation_engine.backends.base import (
    BackendSettings,
    DeviceName,
    Network,
    PendingStems,
    Precision,
    Samples,
)
from separation_engine.device import cpu_limit, cpu_name
from separation_engine.errors import DeviceUnavailableError, OutOfMemoryError, WeightsMismatchError
from separation_engine.models.weights import NetworkWeights

_CLASSES: dict[str, type[torch.nn.Module]] = {
    "demucs.htdemucs.HTDemucs": HTDemucs,
    "demucs.hdemucs.HDemucs": HDemucs,
    "demucs.demucs.Demucs": Demucs,
}
# of device memory for one more segment in a batch; too low a guess only halves the batch later
_BYTES_PER_SAMPLE = 6_000
_MAX_CUDA_BATCH = 16
_OUT_OF_HOST_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


class TorchBackend:
    """Torch on one device. fp32 is real float32: no TF32."""

    name = "torch"

    def __init__(self, settings: BackendSettings) -> None:
        if settings.device == "cuda" and not torch.cuda.is_available():
            raise DeviceUnavailableError("torch finds no CUDA device")
        self.device: DeviceName = settings.device
        self.precision: Precision = settings.precision
        self.device_name = torch.cuda.get_device_name() if self.device == "cuda" else cpu_name()
        torch.backends.cudnn.allow_tf32 = self.precision != "fp32"
        torch.backends.cuda.matmul.allow_tf32 = self.precision != "fp32"
        torch.backends.cudnn.deterministic = True
        if self.device == "cpu":
            torch.set_num_threads(cpu_limit())

    def load(self, weights: NetworkWeights) -> Network:
        return TorchNetwork(weights, torch.device(self.device), self.precision)

    def versions(self) -> dict[str, str]:
        versions = {"torch": torch.__version__, "demucs": version("demucs")}
        if torch.version.cuda and self.device == "cuda":
            versions["cuda"] = torch.version.cuda
        return versions

    def memory_bytes(self) -> int:
        return torch.cuda.memory_reserved() if self.device == "cuda" else 0


class TorchNetwork:
    """One resident network; several segments go through it at once on CUDA."""

    def __init__(self, weights: NetworkWeights, device: torch.device, precision: Precision) -> None:
        self.sources = weights.sources
        self.sample_rate = weights.sample_rate
        self.segment_samples = weights.segment_samples
        self._device = device
        self._precision = precision
        self._module: torch.nn.Module | None = _build_module(weights).to(device)
        self.max_batch = 1
        self.asynchronous = device.type == "cuda"
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info()
            fitting = free // (_BYTES_PER_SAMPLE * self.segment_samples)
            self.max_batch = int(max(1, min(_MAX_CUDA_BATCH, fitting)))

    def input_samples(self, samples: int, /) -> int:
        # HDemucs has no rule of its own: it takes every length as it is
        rule = getattr(self._module, "valid_length", None)
        return int(rule(samples)) if rule else samples

    def forward(self, mixes: Samples) -> Samples:
        return self.start(mixes)()

    def start(self, mixes: Samples) -> PendingStems:
        parts: list[PendingStems] = []
        done = 0
        while done < len(mixes):
            batch = mixes[done : done + self.max_batch]
            try:
                parts.append(self._start(batch))
                done += len(batch)
            except torch.cuda.OutOfMemoryError as error:
                if self.max_batch == 1:
                    raise OutOfMemoryError("the device has no memory for one segment") from error
                torch.cuda.empty_cache()
                self.max_batch = max(1, min(self.max_batch, len(batch)) // 2)
            except RuntimeError as error:
                # the allocators of the host have no error class of their own
                if any(words in str(error) for words in _OUT_OF_HOST_MEMORY):
                    raise OutOfMemoryError("no memory for one segment") from error
                raise
        # one alone is not copied
        return parts[0] if len(parts) == 1 else lambda: np.concatenate([part() for part in parts])

    def close(self) -> None:
        self._module = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _start(self, mixes: Samples) -> PendingStems:
        if self._module is None:
            raise AssertionError("the network is closed")
        host = torch.from_numpy(np.ascontiguousarray(mixes))
        if self._device.type == "cuda":
            host = host.pin_memory()
        with torch.inference_mode(), self._arithmetic():
            stems = self._module(host.to(self._device, non_blocking=True)).float()
        return _arriving(stems) if self._device.type == "cuda" else cast("PendingStems", stems.numpy)

    def _arithmetic(self) -> AbstractContextManager[object]:
        if self._precision == "bf16":
            return torch.autocast(self._device.type, torch.bfloat16)
        return nullcontext()


def _arriving(stems: torch.Tensor) -> PendingStems:
    """On their way from the device, behind the work that makes them, into memory that it writes by itself."""
    host = torch.empty(stems.shape, dtype=stems.dtype, pin_memory=True)
    host.copy_(stems, non_blocking=True)
    arrived = torch.Event(stems.device)
    arrived.record()

    def wait() -> Samples:
        arrived.synchronize()
        return cast("Samples", host.numpy())

    return wait


def _build_module(weights: NetworkWeights) -> torch.nn.Module:
    klass = _CLASSES[weights.klass]
    # reads and checks the file, before its settings make anything
    tensors = {name: torch.from_numpy(array) for name, array in weights.tensors.items()}
    # settings of training that newer classes no longer have are dropped, as stock does
    known = inspect.signature(klass).parameters
    kwargs = {name: value for name, value in weights.kwargs.items() if name in known}
    try:
        module = klass(*weights.args, **kwargs)
        module.load_state_dict(tensors)
    except (TypeError, RuntimeError) as error:
        raise WeightsMismatchError(f"{weights.signature} does not fit its network: {error}") from error
    return module.eval()
