"""A stub for a network on a GPU, computed on the CPU, and the CPU time of what the GPU would do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from unittest.mock import patch

import torch

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.backends.torch import network as torch_network
from separation_engine.backends.torch import song as torch_song
from separation_engine.backends.torch.batch_limit import BatchLimit
from separation_engine.backends.torch.network import TorchAccumulator, TorchNetwork
from separation_engine.backends.torch.song import TorchSong
from separation_engine.common.wav import WavReader
from separation_engine.networks.architecture import NetworkSettings
from separation_engine.networks.interface import Mixes
from separation_engine.networks.stem_block import Output, PendingBlocks, StemBlock
from tests.runs import SOURCES
from tests.sounds import RATE

# as htdemucs on a GPU
SEGMENT = Fraction(39, 5)
BATCH = 16
# stems that leave a rest, as those of trained networks do
LEVELS = (0.4, 0.3, 0.2, 0.05)
_SETTINGS = NetworkSettings(
    ARCHITECTURES["demucs.htdemucs.HTDemucs"], ([*SOURCES],), {"samplerate": RATE, "segment": SEGMENT}
)


class StubNetwork(TorchNetwork):
    """Each stem is the mix at a level of its own. Takes batches, with whole songs on the device, as on a GPU.

    speed: in x real time, of a pretended device, which works on one batch at a time. Waiting for it takes no
    CPU time. None waits for nothing. batch: segments in a forward.
    """

    def __init__(
        self, settings: NetworkSettings = _SETTINGS, speed: float | None = None, batch: int = BATCH
    ) -> None:
        super().__init__(torch.nn.Identity(), settings, torch.device("cpu"), "fp32", _echo)
        self.limit = BatchLimit(batch, 1, lambda: batch)
        self.asynchronous = True
        self._speed = speed
        self._free_at = 0.0

    def song(self, reader: WavReader, *, normalized: bool) -> _StubSong:
        return _StubSong(self, reader, normalized=normalized)

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[torch.Tensor]:
        if self._speed:
            stretch = len(mixes) * self.segment_samples / self.sample_rate / self._speed
            self._free_at = max(time.monotonic(), self._free_at) + stretch
        return super().start(mixes, stems)

    @property
    def free_at(self) -> float:
        """When the pretended device has done all that it has got so far, in time.monotonic()."""
        return self._free_at


class _StubSong(TorchSong):
    """Its blocks arrive when the pretended device has computed them."""

    def __init__(self, network: StubNetwork, reader: WavReader, *, normalized: bool) -> None:
        super().__init__(reader, torch.device("cpu"), normalized=normalized, resident=True)
        self._network = network

    def finish(
        self, first: int, joined: torch.Tensor, rest: int | None, outputs: Sequence[Output]
    ) -> PendingBlocks:
        done, ready_at = super().finish(first, joined, rest, outputs), self._network.free_at

        def wait() -> Sequence[StemBlock]:
            time.sleep(max(0.0, ready_at - time.monotonic()))
            return [*done()]

        return wait


def _echo(_: torch.nn.Module, mixes: torch.Tensor, __: Sequence[int]) -> torch.Tensor:
    return torch.tensor(LEVELS).reshape(1, -1, 1, 1) * mixes[:, None]


class DeviceTime:
    """Counts the CPU seconds of what a GPU would do."""

    def __init__(self) -> None:
        self._of: dict[int, float] = {}
        self._thread = threading.local()

    @property
    def seconds(self) -> float:
        """Of all threads."""
        return sum(self._of.copy().values())

    @property
    def main_seconds(self) -> float:
        """Of the process's main thread."""
        return self._of.get(threading.main_thread().ident or 0, 0.0)

    def count(self, patches: ExitStack) -> None:
        """Count from now on, until the patches end."""
        for owner, name in [
            (torch_song, "_sums"),
            (TorchSong, "_keep"),
            (TorchSong, "mix"),
            (TorchSong, "finish"),
            (TorchNetwork, "_stack"),
            (TorchNetwork, "_forward"),
            (TorchNetwork, "accumulator"),
            (TorchAccumulator, "add"),
            (TorchAccumulator, "take"),
        ]:
            patches.enter_context(patch.object(owner, name, self._timed(getattr(owner, name))))
        for owner, name in [
            (WavReader, "read_into"),
            (torch_network, "to_device"),
            (torch_song, "to_device"),
        ]:
            patches.enter_context(patch.object(owner, name, self._of_host(getattr(owner, name))))

    def _timed(self, call: Callable[..., object]) -> Callable[..., object]:
        def timed(*arguments: object) -> object:
            thread = threading.get_ident()
            self._thread.host, began = 0.0, time.thread_time()
            try:
                return call(*arguments)
            finally:
                used = time.thread_time() - began - self._thread.host
                # no other thread writes this entry
                self._of[thread] = self._of.get(thread, 0.0) + used

        return timed

    def _of_host(self, call: Callable[..., object]) -> Callable[..., object]:
        """Reading, and copies to the device, are work of the host, whoever asks for them."""

        def counted(*arguments: object) -> object:
            began = time.thread_time()
            try:
                return call(*arguments)
            finally:
                self._thread.host = getattr(self._thread, "host", 0.0) + time.thread_time() - began

        return counted
