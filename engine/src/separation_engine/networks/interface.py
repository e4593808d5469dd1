"""The interface of a runtime, and of the networks that run on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.device import DeviceName, GpuTrial, Precision
from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.stem_block import Output, PendingBlocks

# float32 where the network computes: a NumPy array, or a GPU tensor
DeviceSamples = Any
# one segment each, (channels=2, input_samples)
Mixes: TypeAlias = Samples | Sequence[DeviceSamples]


@dataclass(frozen=True)
class BackendSettings:
    """Arguments of a backend: `Backend(settings)`.

    cache_dir: writable folder for compiled models; it may not exist yet. gpu_trials: what a GPU tries
    out; a CPU ignores them.
    """

    device: DeviceName
    precision: Precision
    cache_dir: Path
    gpu_trials: frozenset[GpuTrial] = frozenset()


class Accumulator(Protocol):
    """The overlap-add buffer of one song, on the device that computes it.

    Its shape is (stems, channels=2, span), all zeros at first. On a GPU both calls return before the work
    is done. Both raise OutOfMemoryError or MemoryError.
    """

    def add(self, estimates: Sequence[DeviceSamples], window: Samples, weights: Samples, first: int) -> None:
        """Add weight * window * estimate to each stem, from sample `first` on.

        estimates: (channels=2, samples) per stem; may be overwritten. window: (samples,); never changed
        later. weights: (stems,).
        """

    def take(self, samples: int) -> DeviceSamples:
        """Remove the first samples and return them, (stems, channels=2, samples). The rest moves up.

        Later calls do not change the result.
        """


class Song(Protocol):
    """One song, and its stems, where its networks compute. On a GPU no call waits for it.

    All calls raise OutOfMemoryError or MemoryError, and InvalidInputError if the file shrinks.
    """

    def mix(self, first: int, samples: int) -> DeviceSamples:
        """The normalized song from a position on, (channels=2, samples); zeros outside the song."""

    def gather(self, positions: NDArray[np.int64], samples: int) -> DeviceSamples:
        """The normalized song at these positions, then zeros: (channels=2, samples >= positions)."""

    def finish(
        self, first: int, joined: DeviceSamples, rest: int | None, outputs: Sequence[Output]
    ) -> PendingBlocks:
        """Scale joined stems back, measure them, and bring those to write to the host.

        first: their position in the song. joined: (made stems, channels=2, samples >= 0), which stay as they
        are. rest: index of the stem that gets the song's DC offset.
        """


class Network(Protocol):
    """One loaded network. Used by one thread at a time.

    segment_samples: the longest chunk of a mix in one forward, and the length of the overlap-add window.
    max_batch: the most chunks in one forward; it may change while the network is in use.
    full_batch: what max_batch can grow to.
    asynchronous: whether `start` returns while the device still computes.
    """

    sources: tuple[str, ...]
    sample_rate: int
    segment_samples: int
    asynchronous: bool

    @property
    def max_batch(self) -> int: ...

    @property
    def full_batch(self) -> int: ...

    def input_samples(self, samples: int, /) -> int:
        """Input length that `forward` needs for a chunk of `samples` (1 to segment_samples).

        The chunk is centered in it, with its neighbors from the song on both sides. Networks of a fixed
        length always return `segment_samples`.
        """

    def forward(self, mixes: Samples) -> Samples:
        """Separate chunks of mixes into chunks of stems.

        mixes: (batch <= max_batch, channels=2, input_samples).
        Returns (batch, sources, channels=2, input_samples), owned by the caller.
        Raises OutOfMemoryError if even a single chunk does not fit.
        """

    def song(self, reader: WavReader, *, normalized: bool) -> Song:
        """The song in this file, which stays open as long as it is used. Reads it once.

        Raises InvalidInputError for NaN and infinity, and OutOfMemoryError.
        """

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[DeviceSamples]:
        """Like `forward`, but leaves the result on the device: (sources, channels=2, input_samples) each.

        mixes: of the network's `song`, or NumPy arrays.
        stems: indices of the sources that must be right; the others may hold anything. Each has the same
        bits, whichever others are asked for.
        On a GPU it returns before the work is done, but still raises OutOfMemoryError at once.
        """

    def accumulator(self, stems: int, span: int) -> Accumulator:
        """A buffer of (stems, channels=2, span) for the results of `start`.

        Raises OutOfMemoryError or MemoryError.
        """

    def close(self) -> None:
        """Free the memory. Do not use the network afterwards."""


class Backend(Protocol):
    """A runtime on a device. `precision` and `device_name` go into the receipt."""

    name: str
    device: DeviceName
    device_name: str
    precision: Precision

    def __init__(self, settings: BackendSettings) -> None:
        """Raises DeviceUnavailableError if the device or the precision is not available."""

    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide the result."""

    def memory_bytes(self) -> int:
        """Device memory in use, apart from the process's own memory; 0 on a CPU."""
