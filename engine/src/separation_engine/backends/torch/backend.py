"""Networks on torch with the demucs package: for CUDA, and as the reference on a CPU."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import cast

import numpy as np
import torch
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from torch.nn.functional import pad

from separation_engine.architectures.demucs.no_host_sync import without_waits
from separation_engine.architectures.htdemucs.torch.fused_htdemucs import LAYERS_VERSION, quicken
from separation_engine.backends.base import (
    BackendSettings,
    DeviceName,
    Network,
    PendingSamples,
    Precision,
    Samples,
)
from separation_engine.backends.torch.cuda_math import products
from separation_engine.device import cpu_limit, cpu_name
from separation_engine.errors import (
    DeviceLostError,
    DeviceUnavailableError,
    OutOfMemoryError,
    WeightsMismatchError,
)
from separation_engine.models.weights import NetworkWeights

_CLASSES: dict[str, type[torch.nn.Module]] = {
    "demucs.htdemucs.HTDemucs": HTDemucs,
    "demucs.hdemucs.HDemucs": HDemucs,
    "demucs.demucs.Demucs": Demucs,
}
# of device memory for one more segment in a batch: htdemucs takes 1,200 on an H200
_BYTES_PER_SAMPLE = 2_000
# an H200 has 132 and is full with a batch of 16; a smaller GPU is with less, and a cancel waits for two
_PROCESSORS_PER_SEGMENT = 8
# where an error has no class of its own: of the host, and of the libraries of CUDA
_OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "out of memory", "_alloc_failed")
# cuDNN's way to say that it has no room to work in, and that it does not know the device
_OUT_OF_MEMORY_OR_UNABLE = "unable to find an engine"


class TorchBackend:
    """Torch on one device: Demucs' own layers on a CPU, quick ones for HTDemucs on CUDA.

    fp32 is real float32. tf32 multiplies in TF32; HTDemucs then attends in float16, with its wave in float32.
    """

    name = "torch"

    def __init__(self, settings: BackendSettings) -> None:
        if settings.device == "cuda" and not torch.cuda.is_available():
            raise DeviceUnavailableError("torch finds no CUDA device")
        if settings.precision == "tf32" and not _has_tf32(settings.device):
            raise DeviceUnavailableError("TF32 is for NVIDIA GPUs from Ampere on; set PRECISION=fp32")
        self.device: DeviceName = settings.device
        self.precision: Precision = settings.precision
        self.device_name = torch.cuda.get_device_name() if self.device == "cuda" else cpu_name()
        torch.set_num_threads(cpu_limit())

    def load(self, weights: NetworkWeights) -> Network:
        return TorchNetwork(weights, torch.device(self.device), self.precision)

    def versions(self) -> dict[str, str]:
        versions = {"torch": torch.__version__, "demucs": version("demucs")}
        if torch.version.cuda and self.device == "cuda":
            versions |= {"cuda": torch.version.cuda, "layers": str(LAYERS_VERSION)}
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
        with _errors_are_told("there is no memory for the network"):
            module = _build_module(weights)
            if isinstance(module, HTDemucs) and device.type == "cuda":
                quicken(module, tf32=precision == "tf32")
            self._module: torch.nn.Module | None = module.to(device)
        self.max_batch = 1
        self.asynchronous = device.type == "cuda"
        if device.type == "cuda":
            # what torch keeps of other networks' work counts as used
            torch.cuda.empty_cache()
            free, _ = torch.cuda.mem_get_info()
            fitting = free // (_BYTES_PER_SAMPLE * self.segment_samples)
            processors = torch.cuda.get_device_properties(device).multi_processor_count
            self.max_batch = int(max(1, min(processors // _PROCESSORS_PER_SEGMENT, fitting)))

    def input_samples(self, samples: int, /) -> int:
        # HDemucs has no rule of its own: it takes every length as it is
        rule = getattr(self._module, "valid_length", None)
        return int(rule(samples)) if rule else samples

    def forward(self, mixes: Samples) -> Samples:
        with _errors_are_told("there is no memory for what comes of a segment"):
            return np.stack([_arriving(stems)() for stems in self.start(mixes)])

    def start(self, mixes: Samples) -> Sequence[torch.Tensor]:
        stems: list[torch.Tensor] = []
        while len(stems) < len(mixes):
            batch = mixes[len(stems) : len(stems) + self.max_batch]
            if (found := self._try(batch)) is not None:
                stems += found
                continue
            # the error is gone, but what the forward made may hang in a ring with its traceback
            gc.collect()
            torch.cuda.empty_cache()
            self.max_batch = max(1, min(self.max_batch, len(batch)) // 2)
        return stems

    def accumulator(self, stems: int, span: int) -> TorchAccumulator:
        return TorchAccumulator(stems, span, self._device)

    def close(self) -> None:
        self._module = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _try(self, mixes: Samples) -> torch.Tensor | None:
        """None where a smaller batch may fit."""
        try:
            with _errors_are_told("there is no memory for one segment"):
                return self._run(mixes)
        except (OutOfMemoryError, RuntimeError) as error:
            is_memory = isinstance(error, OutOfMemoryError) or _OUT_OF_MEMORY_OR_UNABLE in str(error).lower()
            if self.max_batch == 1 or not is_memory:
                raise
            return None

    def _run(self, mixes: Samples) -> torch.Tensor:
        if self._module is None:
            raise AssertionError("the network is closed")
        in_bf16 = torch.autocast(self._device.type, torch.bfloat16, enabled=self._precision == "bf16")
        with torch.inference_mode(), without_waits(), products(tf32=self._precision != "fp32"), in_bf16:
            stems: torch.Tensor = self._module(_placed(mixes, self._device))
            return stems.float()


class TorchAccumulator:
    """The Accumulator of networks that give tensors, on their device."""

    def __init__(self, stems: int, span: int, device: torch.device) -> None:
        self._device = device
        with _errors_are_told("there is no memory for one more song"):
            self._sums = torch.zeros((stems, 2, span), device=device)

    @torch.inference_mode()
    def add(self, estimates: Sequence[torch.Tensor], fade: Samples, shares: Samples, first: int) -> None:
        with _errors_are_told("there is no memory to join a segment"):
            weights = _placed(fade, self._device)
            for sums, estimate, share in zip(self._sums, estimates, shares.tolist(), strict=True):
                if share:
                    sums[:, first : first + fade.size].addcmul_(estimate, weights, value=share)

    @torch.inference_mode()
    def take(self, samples: int) -> PendingSamples:
        done = self._sums[..., :samples]
        with _errors_are_told("there is no memory to join a segment"):
            if samples:
                self._sums = pad(self._sums[..., samples:], (0, samples))
            return _arriving(done)


def _has_tf32(device: DeviceName) -> bool:
    return device == "cuda" and torch.cuda.get_device_capability() >= (8, 0)


def _placed(samples: Samples, device: torch.device) -> torch.Tensor:
    """On the device, by way of memory that it reads by itself."""
    host = torch.empty(samples.shape, pin_memory=device.type == "cuda")
    host.numpy()[...] = samples
    return host.to(device, non_blocking=True)


def _arriving(samples: torch.Tensor) -> PendingSamples:
    """On their way from the device, behind the work that makes them, into memory that it writes by itself."""
    if samples.device.type == "cpu":
        return cast("PendingSamples", samples.numpy)
    host = torch.empty(samples.shape, pin_memory=True)
    host.copy_(samples, non_blocking=True)
    # one that blocks: threads that wait must not take the processors from those that encode
    arrived = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call] # torch gives it no types
    arrived.record()

    def wait() -> Samples:
        with _errors_are_told("there was no memory for what came of a segment"):
            arrived.synchronize()
        return cast("Samples", host.numpy())

    return wait


@contextmanager
def _errors_are_told(message: str) -> Iterator[None]:
    """Raises OutOfMemoryError where torch's allocators find none, DeviceLostError where CUDA has failed."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise OutOfMemoryError(message) from error
    except RuntimeError as error:
        if any(words in str(error).lower() for words in _OUT_OF_MEMORY):
            raise OutOfMemoryError(message) from error
        if isinstance(error, torch.AcceleratorError):
            raise DeviceLostError(f"the device failed: {error}") from error
        raise


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
