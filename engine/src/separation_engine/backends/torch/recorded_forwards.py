"""Forwards that a GPU repeats from a recording: the host starts one CUDA graph instead of every kernel."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, cast
from weakref import ref

import torch

_LOG = logging.getLogger(__name__)
# together, they make a batch of any size
_SIZES = (16, 8, 4, 2, 1)
# signs of a full device in errors of libraries that are no OutOfMemoryError
_FULL = ("out of memory", "alloc_failed", "unable to find an engine")
# largest difference of a replay, relative to the largest sample; the same kernels give the same bits
_TOLERANCE = 1e-3
_OLDEST_TORCH = "2.11"

# mixes, (batch, channels, samples), to stems, (batch, sources, channels, samples)
Forward: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
# records what a function starts on the device; returns what repeats it, and the result that repeats overwrite
Recorder: TypeAlias = Callable[[Callable[[], torch.Tensor]], tuple[Callable[[], None], torch.Tensor]]


@dataclass(frozen=True)
class _Recording:
    inputs: torch.Tensor
    replay: Callable[[], None]
    outputs: torch.Tensor


class RecordedForwards:
    """Records a forward for batches of 1, 2, 4, 8 and 16 segments of one length. Other lengths run as usual.

    So do batches of more than two of the largest recording. Each recording must repeat what the forward
    computes. If the device cannot record, everything runs as usual, as between drop() and record_again(). The
    log tells why.
    """

    def __init__(self, forward: Forward, record: Recorder, most: int, samples: int) -> None:
        self._forward = forward
        self._record = record
        self._most = most
        self._samples = samples
        self._recordings: dict[int, _Recording] | None = None
        self._told = self._unable = False

    def __call__(self, mixes: torch.Tensor) -> torch.Tensor:
        if mixes.shape[-1] != self._samples:
            return self._forward(mixes)
        if self._recordings is None:
            self._recordings = self._record_all(mixes)
        largest = max(self._recordings, default=0)
        if len(mixes) > 2 * largest:
            self._tell(len(mixes), largest)
            return self._forward(mixes)
        found = []
        for size, recording in self._recordings.items():
            while len(mixes) >= size:
                recording.inputs.copy_(mixes[:size])
                recording.replay()
                found.append(recording.outputs.clone())
                mixes = mixes[size:]
        if len(mixes):
            found.append(self._forward(mixes))
        return torch.cat(found) if len(found) > 1 else found[0]

    def drop(self, reason: str) -> bool:
        """Whether there was something to drop."""
        dropped = bool(self._recordings)
        if self._recordings != {}:
            _LOG.warning("this network runs without CUDA graphs: %s", reason)
        self._recordings = {}
        return dropped

    def record_again(self) -> None:
        """Call once memory is free again. Nothing happens on a device that cannot record."""
        if not (self._recordings or self._unable):
            self._recordings = None

    def _tell(self, segments: int, largest: int) -> None:
        if largest and not self._told:
            _LOG.info("batches of %d run without CUDA graphs: the largest graph is of %d", segments, largest)
            self._told = True

    def _record_all(self, mixes: torch.Tensor) -> dict[int, _Recording]:
        """Largest first: the smaller ones then use its memory."""
        recordings = {}
        for size in _SIZES:
            if size > self._most:
                continue
            try:
                recordings[size] = self._record_one(mixes.new_empty((size, *mixes.shape[1:])).normal_())
            except torch.cuda.OutOfMemoryError:
                _LOG.warning("the device has no memory for a CUDA graph of %d segments", size)
            except RuntimeError as error:
                self.drop(str(error))
                self._unable = not any(sign in str(error).lower() for sign in _FULL)
                return {}
        _LOG.info("recorded CUDA graphs for batches of %s", ", ".join(map(str, recordings)) or "no size")
        return recordings

    def _record_one(self, inputs: torch.Tensor) -> _Recording:
        expected = self._forward(inputs)
        replay, outputs = self._record(lambda: self._forward(inputs))
        replay()
        error = (outputs - expected).abs().max() / expected.abs().max()
        if not error <= _TOLERANCE:
            raise RuntimeError(f"a CUDA graph of {len(inputs)} segments differs by {float(error):.1e}")
        return _Recording(inputs, replay, outputs)


class CudaRecorder:
    """A Recorder on CUDA. Its graphs share memory: they run in turn, and only their results outlast them.

    Raises RuntimeError if the function waits for the device or copies from the host.
    """

    def __init__(self) -> None:
        self._latest: Callable[[], torch.cuda.CUDAGraph | None] = lambda: None

    def __call__(self, call: Callable[[], torch.Tensor]) -> tuple[Callable[[], None], torch.Tensor]:
        here, side = torch.cuda.current_stream(), _recording_stream()
        side.wait_stream(here)
        with torch.cuda.stream(side):
            # allocates what libraries keep for this stream, which a recording cannot
            call()
        here.wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        latest = self._latest()
        # torch refuses the pool of graphs that are gone
        pool = cast("Any", latest.pool() if latest else None)
        with torch.cuda.graph(graph, pool=pool, stream=side, capture_error_mode="thread_local"):
            outputs = call()
        self._latest = ref(graph)
        return graph.replay, outputs


def can_record() -> bool:
    """Whether this torch is one that graphs have been measured with. The log tells if not."""
    if torch.__version__ >= _OLDEST_TORCH:
        return True
    _LOG.warning(
        "the engine runs without CUDA graphs: they need torch %s, but %s is installed",
        _OLDEST_TORCH,
        torch.__version__,
    )
    return False


@cache
def _recording_stream() -> torch.cuda.Stream:
    return cast("torch.cuda.Stream", cast("Any", torch.cuda.Stream)())
