"""The interface between what is common to every separation and the library that runs the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from separation_engine.models.weights import NetworkWeights

Samples = NDArray[np.float32]
# float32, where the network computes: an array of NumPy, or of a library that has it on a GPU
DeviceSamples = Any
# waits for samples that are on their way from where the network computes
PendingSamples = Callable[[], Samples]
DeviceName = Literal["cpu", "cuda"]
Precision = Literal["fp32", "tf32", "bf16"]


@dataclass(frozen=True)
class BackendSettings:
    """What a backend is made with: `Backend(settings)`.

    cache_dir: writable folder for compiled models; it may not exist yet.
    """

    device: DeviceName
    precision: Precision
    cache_dir: Path


class Accumulator(Protocol):
    """The stems of one song where they are joined, which is where the network computes.

    It has room for (stems, channels=2, span), all zeros at first. On a GPU both calls return before the
    work is done. Both raise OutOfMemoryError or MemoryError.
    """

    def add(self, estimates: Sequence[DeviceSamples], fade: Samples, shares: Samples, first: int) -> None:
        """Add share * fade * estimate to the samples of each stem from `first` on.

        estimates: (channels=2, samples) for each stem, used up by this. fade: (samples,). shares: (stems,).
        """
        ...

    def take(self, samples: int) -> PendingSamples:
        """The first samples, (stems, channels=2, samples); what comes after them moves to the front.

        They may be asked for after later calls, too.
        """
        ...


class Network(Protocol):
    """One resident network, ready to run. Used by one thread at a time.

    segment_samples: the longest chunk of a mix in one forward, and the length of the overlap-add window.
    max_batch: chunks that one forward takes at most; it may shrink while the network is in use.
    asynchronous: whether a GPU works on what was started, while the processor has time for other things.
    """

    sources: tuple[str, ...]
    sample_rate: int
    segment_samples: int
    max_batch: int
    asynchronous: bool

    def input_samples(self, samples: int, /) -> int:
        """Length that `forward` wants for a chunk of `samples` (1 to segment_samples).

        The chunk is centred in it, with its real neighbours around it where the song has them. Networks
        of a fixed length always answer `segment_samples`.
        """
        ...

    def forward(self, mixes: Samples) -> Samples:
        """Chunks of mixes to chunks of stems.

        mixes: (batch <= max_batch, channels=2, input_samples).
        Returns (batch, sources, channels=2, input_samples), which belongs to the caller.
        Raises OutOfMemoryError when it does not fit even one by one.
        """
        ...

    def start(self, mixes: Samples) -> Sequence[DeviceSamples]:
        """The same, left where it is computed: (sources, channels=2, input_samples) for each chunk.

        On a GPU it returns before the work is done; not enough memory is told at once all the same.
        """
        ...

    def accumulator(self, stems: int, span: int) -> Accumulator:
        """For what `start` gives, with room for (stems, channels=2, span).

        Raises OutOfMemoryError or MemoryError.
        """
        ...

    def close(self) -> None:
        """Give the memory back; the network is not used again."""
        ...


class Backend(Protocol):
    """A library on a device. `precision` and `device_name` go into the receipt."""

    name: str
    device: DeviceName
    device_name: str
    precision: Precision

    def __init__(self, settings: BackendSettings) -> None:
        """Raises DeviceUnavailableError where the device or the precision is not there."""
        ...

    def load(self, weights: NetworkWeights) -> Network:
        """Build the network. Raises WeightsMismatchError for settings or tensors that do not fit."""
        ...

    def versions(self) -> dict[str, str]:
        """Versions of what decides the result: libraries, and our own graph where there is one."""
        ...

    def memory_bytes(self) -> int:
        """Device memory in use beside the process's own memory; 0 on a CPU."""
        ...
