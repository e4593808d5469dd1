"""The interface between what is common to every separation and the library that runs the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from separation_engine.models.weights import NetworkWeights

Samples = NDArray[np.float32]
# waits for the stems of a forward and gives them, (batch, sources, channels=2, input_samples)
PendingStems = Callable[[], Samples]
DeviceName = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class BackendSettings:
    """What a backend is made with: `Backend(settings)`.

    cache_dir: writable folder for compiled models; it may not exist yet.
    """

    device: DeviceName
    precision: Precision
    cache_dir: Path


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

    def start(self, mixes: Samples) -> PendingStems:
        """The same, for the answer to be asked for later; another forward may be started before that.

        Not enough memory is told at once, by this call.
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
        """Versions of the libraries that decide the result."""
        ...

    def memory_bytes(self) -> int:
        """Device memory in use beside the process's own memory; 0 on a CPU."""
        ...
