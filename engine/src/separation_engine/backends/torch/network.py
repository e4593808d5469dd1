"""Runs a torch module in batches that fit the device."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias, cast

import numpy as np
import torch
from torch.nn.functional import pad

from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.backends.torch.batch_limit import BatchLimit
from separation_engine.backends.torch.cuda_math import cuda_math
from separation_engine.backends.torch.recorded_forwards import (
    CudaRecorder,
    RecordedForwards,
    Recorder,
)
from separation_engine.backends.torch.song import TorchSong
from separation_engine.backends.torch.transfer import to_device, to_host, translated_errors
from separation_engine.common.device import GpuTrial, Precision
from separation_engine.common.errors import OutOfMemoryError
from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.architecture import NetworkSettings
from separation_engine.networks.interface import Backend, Mixes

_LOG = logging.getLogger(__name__)
# device memory for each further sample of a batch: htdemucs takes 1,200 on an H200
_BYTES_PER_SAMPLE = 2_000
# an H200 has 132 multiprocessors and is full at a batch of 16; a cancel waits for two batches
_PROCESSORS_PER_SEGMENT = 8
# stereo in float32
_SAMPLE_BYTES = 8
# a song stays on the device if it takes at most this part of the free memory: 16 at once take a quarter
_SONG_SHARE = 64
_HALF: dict[Precision, torch.dtype] = {"fp16": torch.float16, "bf16": torch.bfloat16}
# cuDNN says this when it lacks workspace, and also when it does not support the device
_OUT_OF_MEMORY_OR_UNSUPPORTED = "unable to find an engine"


# calls a module with mixes, (batch, channels, samples), and the indices of the stems that must be right
Call: TypeAlias = Callable[[torch.nn.Module, torch.Tensor, Sequence[int]], torch.Tensor]


def load_module(
    backend: Backend,
    network: NetworkSettings,
    make: Callable[[], torch.nn.Module],
    call: Call = lambda module, mixes, stems: cast("torch.Tensor", module(mixes, stems)),
    trials: frozenset[GpuTrial] = frozenset(),
) -> TorchNetwork:
    """Put a module on the backend's device. Raises what `make` raises, and OutOfMemoryError.

    trials: those that this kind of module takes part in, besides graphs.
    """
    device = torch.device(backend.device)
    with translated_errors("out of memory for the network"):
        module = make().eval().to(device)
    wanted = backend.gpu_trials if isinstance(backend, TorchBackend) else frozenset()
    for trial in sorted(wanted - trials - {"graphs"}):
        _LOG.warning("%s has no effect on %s", trial, type(module).__name__)
    recorder = CudaRecorder() if "graphs" in wanted else None
    return TorchNetwork(module, network, device, backend.precision, call, recorder)


class TorchNetwork:
    """One loaded network. On CUDA it takes several segments at once.

    module: on its device, called by `call`. limit: how many segments at once. recorder: records its forwards,
    if it takes one length only.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        network: NetworkSettings,
        device: torch.device,
        precision: Precision,
        call: Call,
        recorder: Recorder | None = None,
    ) -> None:
        self._module: torch.nn.Module | None = module
        self.sources = network.sources
        self.sample_rate = network.sample_rate
        self.segment_samples = network.segment_samples
        self._device = device
        self._precision = precision
        self._call = call
        self.limit = BatchLimit(
            _full_batch(device), _BYTES_PER_SAMPLE * self.segment_samples, partial(spare_bytes, device)
        )
        self.asynchronous = device.type == "cuda"
        self._recorded = None
        if recorder and self.input_samples(1) == self.segment_samples:
            self._recorded = RecordedForwards(self._forward, recorder, self.max_batch, self.segment_samples)
        elif recorder:
            _LOG.warning("this network runs without CUDA graphs: it takes chunks of any length")

    @property
    def max_batch(self) -> int:
        return self.limit.size

    @property
    def full_batch(self) -> int:
        return self.limit.most

    def input_samples(self, samples: int, /) -> int:
        # HDemucs has no such rule: it takes any length
        rule = getattr(self._module, "valid_length", None)
        return int(rule(samples)) if rule else samples

    def forward(self, mixes: Samples) -> Samples:
        with translated_errors("out of memory while copying from the device"):
            every = range(len(self.sources))
            return np.stack([to_host(stems)() for stems in self.start(mixes, every)])

    def song(self, reader: WavReader, *, normalized: bool) -> TorchSong:
        resident = self._device.type == "cuda" and (
            _SONG_SHARE * _SAMPLE_BYTES * reader.samples <= spare_bytes(self._device)
        )
        return TorchSong(reader, self._device, normalized=normalized, resident=resident)

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[torch.Tensor]:
        estimates: list[torch.Tensor] = []
        while len(estimates) < len(mixes):
            batch = mixes[len(estimates) : len(estimates) + self.max_batch]
            if (found := self._try(batch, stems)) is not None:
                estimates += found
                if self.limit.passed(len(batch)) and self._recorded:
                    self._recorded.record_again()
                continue
            # tensors of the failed forward may still hang in a reference cycle with its traceback
            gc.collect()
            torch.cuda.empty_cache()
            self.limit.shrink(len(batch))
        return estimates

    def accumulator(self, stems: int, span: int) -> TorchAccumulator:
        return TorchAccumulator(stems, span, self._device)

    def close(self) -> None:
        self._module = self._recorded = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _try(self, mixes: Mixes, stems: Sequence[int]) -> torch.Tensor | None:
        """None if a smaller batch may fit, or this one in the memory of dropped recordings."""
        try:
            with translated_errors("out of memory for one segment"):
                return self._run(mixes, stems)
        except (OutOfMemoryError, RuntimeError) as error:
            is_memory = (
                isinstance(error, OutOfMemoryError) or _OUT_OF_MEMORY_OR_UNSUPPORTED in str(error).lower()
            )
            if not is_memory:
                raise
            freed = self._recorded is not None and self._recorded.drop("the device is full")
            if self.max_batch == 1 and not freed:
                raise
            return None

    def _run(self, mixes: Mixes, stems: Sequence[int]) -> torch.Tensor:
        half = _HALF.get(self._precision)
        # a forward uses each weight once. A recording would use cached ones after the cache is emptied
        in_half = torch.autocast(
            self._device.type, half or torch.bfloat16, enabled=half is not None, cache_enabled=False
        )
        tf32 = self._precision != "fp32"
        with torch.inference_mode(), cuda_math(tf32=tf32), in_half:
            batch = self._stack(mixes)
            # a recording makes every stem
            return self._recorded(batch) if self._recorded else self._forward(batch, stems)

    def _forward(self, mixes: torch.Tensor, stems: Sequence[int] | None = None) -> torch.Tensor:
        if self._module is None:
            raise AssertionError("the network is closed")
        every = range(len(self.sources))
        return self._call(self._module, mixes, every if stems is None else stems).float()

    def _stack(self, mixes: Mixes) -> torch.Tensor:
        tensors = [mix if isinstance(mix, torch.Tensor) else to_device(mix, self._device) for mix in mixes]
        return torch.stack(tensors) if len(tensors) > 1 else tensors[0][None]


class TorchAccumulator:
    """The Accumulator of networks that return tensors, on their device."""

    def __init__(self, stems: int, span: int, device: torch.device) -> None:
        self._device = device
        with translated_errors("out of memory for another song"):
            self._sums = torch.zeros((stems, 2, span), device=device)
        # the last one, which most segments of a song share
        self._window: tuple[Samples, torch.Tensor] | None = None

    @torch.inference_mode()
    def add(self, estimates: Sequence[torch.Tensor], window: Samples, weights: Samples, first: int) -> None:
        with translated_errors("out of memory in the overlap-add"):
            on_device = self._upload(window)
            for sums, estimate, weight in zip(self._sums, estimates, weights.tolist(), strict=True):
                if weight:
                    sums[:, first : first + window.size].addcmul_(estimate, on_device, value=weight)

    @torch.inference_mode()
    def take(self, samples: int) -> torch.Tensor:
        done = self._sums[..., :samples]
        with translated_errors("out of memory in the overlap-add"):
            if samples:
                self._sums = pad(self._sums[..., samples:], (0, samples))
            return done

    def _upload(self, window: Samples) -> torch.Tensor:
        if self._window is None or self._window[0] is not window:
            self._window = window, to_device(window, self._device)
        return self._window[1]


def spare_bytes(device: torch.device) -> int:
    """Device memory for a batch: what is free, and what torch keeps for itself. 0 on a CPU.

    Counts the memory of CUDA graphs between their replays, though only they can use it.
    """
    if device.type == "cpu":
        return 0
    free, _ = torch.cuda.mem_get_info()
    return free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()


def _full_batch(device: torch.device) -> int:
    """Segments that fill the device; 1 on a CPU."""
    if device.type == "cpu":
        return 1
    return int(torch.cuda.get_device_properties(device).multi_processor_count // _PROCESSORS_PER_SEGMENT)
