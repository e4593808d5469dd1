"""Measures the engine's own work: CPU milliseconds for a second of song, with the network left out.

The network is a stub: each stem is the mix at a level of its own. `device` is what a GPU would do besides:
measuring, scaling, overlap-add and interleaving. `host` is the rest: opening, reading and writing.
`bare writes` is what the system takes to write as many bytes to as many files: host cannot be below it.

    python -m bench.host_work --device numpy torch --jobs 1 16 --seconds 120 --rounds 5
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from bench.report import spread, write_line
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.backends.torch import song as torch_song
from separation_engine.backends.torch.batch_limit import BatchLimit
from separation_engine.backends.torch.network import TorchAccumulator, TorchNetwork
from separation_engine.backends.torch.song import TorchSong
from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.architecture import NetworkSettings
from separation_engine.networks.interface import Mixes
from tests.runs import SOURCES, EchoNetwork, make_model, make_request, run_jobs
from tests.sounds import RATE, song

# of htdemucs
_SEGMENT = 343_980
_BATCH = 16
# of one stem: what is final after a segment, at the overlap of 0.25
_BLOCK_BYTES = 8 * _SEGMENT * 3 // 4


# stems that leave a rest, as those of trained networks do
_LEVELS = (0.4, 0.3, 0.2, 0.05)


class NumpyStub(EchoNetwork):
    """One segment at a time in the process's memory, as on OpenVINO."""

    def __init__(self) -> None:
        super().__init__(segment_samples=_SEGMENT, levels=_LEVELS)
        self.seconds = 0.0

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[Samples]:
        began = time.thread_time()
        found = super().start(mixes, stems)
        self.seconds += time.thread_time() - began
        return found


class TorchStub(TorchNetwork):
    """Batches, with the whole song on the device, as on a GPU."""

    def __init__(self) -> None:
        settings = NetworkSettings(
            ARCHITECTURES["demucs.htdemucs.HTDemucs"],
            ([*SOURCES],),
            {"samplerate": RATE, "segment": Fraction(_SEGMENT, RATE)},
        )
        super().__init__(torch.nn.Identity(), settings, torch.device("cpu"), "fp32", self._echo)
        self.limit = BatchLimit(_BATCH, 1, lambda: _BATCH)
        self.asynchronous = True
        self.seconds = 0.0

    def song(self, reader: WavReader, *, normalized: bool) -> TorchSong:
        return TorchSong(reader, self._device, normalized=normalized, resident=True)

    def _echo(self, _: torch.nn.Module, mixes: torch.Tensor, __: Sequence[int]) -> torch.Tensor:
        began = time.thread_time()
        found = torch.tensor(_LEVELS).reshape(1, -1, 1, 1) * mixes[:, None]
        self.seconds += time.thread_time() - began
        return found


STUBS = {"numpy": NumpyStub, "torch": TorchStub}


class DeviceTime:
    """Counts the CPU seconds of what a GPU would do besides its network."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._thread = threading.local()
        self._lock = threading.Lock()

    def count(self, patches: ExitStack) -> None:
        for owner, name in [
            (torch_song, "_sums"),
            (TorchSong, "_keep"),
            (TorchSong, "mix"),
            (TorchSong, "finish"),
            (TorchNetwork, "_stack"),
            (TorchAccumulator, "add"),
            (TorchAccumulator, "take"),
        ]:
            patches.enter_context(patch.object(owner, name, self._timed(getattr(owner, name))))
        patches.enter_context(patch.object(WavReader, "read_into", self._read(WavReader.read_into)))

    def _timed(self, call: Callable[..., object]) -> Callable[..., object]:
        def timed(*arguments: object) -> object:
            self._thread.reading, began = 0.0, time.thread_time()
            try:
                return call(*arguments)
            finally:
                with self._lock:
                    self.seconds += time.thread_time() - began - self._thread.reading

        return timed

    def _read(self, call: Callable[..., object]) -> Callable[..., object]:
        """Reading is work of the host, whoever asks for it."""

        def read(*arguments: object) -> object:
            began = time.thread_time()
            try:
                return call(*arguments)
            finally:
                self._thread.reading = getattr(self._thread, "reading", 0.0) + time.thread_time() - began

        return read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", nargs="+", choices=["numpy", "torch"], default=["numpy", "torch"])
    parser.add_argument("--jobs", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="folder for songs and stems")
    options = parser.parse_args()
    mix = song(round(options.seconds * RATE))
    torch.set_num_threads(1)
    write_line("network  jobs          host [range]        device [range]   bare writes [range]")
    for device in options.device:
        for jobs in options.jobs:
            runs = [measure(device, jobs, mix, options.folder) for _ in range(options.rounds)]
            host, on_device, bare = zip(*runs, strict=True)
            write_line(f"{device:7} {jobs:5} {spread(host):>21} {spread(on_device):>21} {spread(bare):>21}")


def measure(device: str, jobs: int, mix: Samples, parent: str | None) -> tuple[float, float, float]:
    """CPU milliseconds of host, device and bare writes for a second of song."""
    network, on_device = STUBS[device](), DeviceTime()
    model = make_model([network])
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(dir=parent)))
        requests = [make_request(folder, mix, f"job{index}") for index in range(jobs)]
        on_device.count(ends)
        began = time.process_time()
        listener = run_jobs(model, *requests)
        seconds = time.process_time() - began - network.seconds - on_device.seconds
        if listener.errors:
            raise next(iter(listener.errors.values()))
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        bare = bare_writes(Path(folder), jobs * len(SOURCES), mix.nbytes)
    song_seconds = jobs * mix.shape[1] / RATE
    factor = 1000 / song_seconds
    return factor * seconds, factor * on_device.seconds, factor * bare


def bare_writes(folder: Path, files: int, size: int) -> float:
    """CPU seconds to write files of this size, one block to each in turn."""
    blocks = np.zeros((files, _BLOCK_BYTES), np.uint8)
    blocks += 1
    began = time.process_time()
    with ExitStack() as ends:
        opened = [ends.enter_context((folder / str(index)).open("wb", buffering=0)) for index in range(files)]
        for first in range(0, size, _BLOCK_BYTES):
            for file, block in zip(opened, blocks, strict=True):
                file.write(block[: size - first])
    return time.process_time() - began


if __name__ == "__main__":
    main()
