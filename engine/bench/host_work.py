"""Measures the engine's own work: CPU milliseconds for a second of song, with the network left out.

The network is a stub: each stem is the mix at a level of its own. `device` is what a GPU would do: that
network, measuring, scaling, overlap-add and interleaving. `host` is the rest: opening, reading and writing.
`main` is what the main thread does of it.

`bare writes` repeats the writes of that run from memory: as many bytes to as many files, by as many threads,
at the same times. Both write right after as many bytes were removed. `above` is host without bare writes.

    python -m bench.host_work --device numpy torch --jobs 1 16 --seconds 120 --rounds 5
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from bench.report import spread, write_line
from bench.stub_network import BATCH, LEVELS, SEGMENT, DeviceTime, StubNetwork
from separation_engine.commands.malloc_tuning import restart_with_tuned_malloc
from separation_engine.common.wav import Samples, WavWriter
from separation_engine.networks.interface import Mixes, Network
from separation_engine.separating.request import SeparationRequest
from tests.runs import EchoNetwork, make_model, make_request, run_jobs
from tests.sounds import RATE, song

_SEGMENT_SAMPLES = int(SEGMENT * RATE)
_COLUMNS = ("host", "main", "bare writes", "above", "device")


class NumpyStub(EchoNetwork):
    """One segment at a time in the process's memory, as on OpenVINO."""

    def __init__(self) -> None:
        super().__init__(segment_samples=_SEGMENT_SAMPLES, levels=LEVELS)
        self.seconds = 0.0

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[Samples]:
        began = time.thread_time()
        found = super().start(mixes, stems)
        self.seconds += time.thread_time() - began
        return found


@dataclass
class Writes:
    """The writes of a run: of each thread when, to which file, and how many bytes."""

    of: dict[int, list[tuple[float, int, int]]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def recorded(self) -> Iterator[None]:
        write, began = WavWriter.write_frames, time.monotonic()
        # keeps the writers: another one might get the id of one that is gone
        writers: dict[WavWriter, int] = {}

        def record(writer: WavWriter, frames: Samples) -> None:
            file = writers.setdefault(writer, len(writers))
            self.of[threading.get_ident()].append((time.monotonic() - began, file, frames.nbytes))
            write(writer, frames)

        with patch.object(WavWriter, "write_frames", record):
            yield

    def repeat(self, folder: Path) -> float:
        """The CPU seconds of the same writes."""
        largest = max(size for writes in self.of.values() for _, _, size in writes)
        # as many blocks as a batch has
        blocks = np.ones((len(LEVELS) * BATCH, largest), np.uint8)
        names = {name for writes in self.of.values() for _, name, _ in writes}
        with ExitStack() as ends:
            files = {name: ends.enter_context((folder / str(name)).open("wb", buffering=0)) for name in names}
            began = time.monotonic()

            def write(writes: Sequence[tuple[float, int, int]]) -> float:
                used = 0.0
                for (at, name, size), block in zip(writes, cycle(blocks), strict=False):
                    time.sleep(max(0.0, began + at - time.monotonic()))
                    before = time.thread_time()
                    files[name].write(block[:size])
                    used += time.thread_time() - before
                return used

            with ThreadPoolExecutor(len(self.of)) as pool:
                return sum(pool.map(write, self.of.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", nargs="+", choices=["numpy", "torch"], default=["numpy", "torch"])
    parser.add_argument("--jobs", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="folder for songs and stems")
    options = parser.parse_args()
    # freed memory stays in the process, as pinned memory does on a GPU
    restart_with_tuned_malloc()
    mix = song(round(options.seconds * RATE))
    torch.set_num_threads(1)
    write_line("network  jobs" + "".join(f"{name:>21}" for name in _COLUMNS))
    for device in options.device:
        for jobs in options.jobs:
            runs = measure(device, jobs, mix, options.rounds, options.folder)
            write_line(
                f"{device:7} {jobs:5}" + "".join(f"{spread(of):>21}" for of in zip(*runs, strict=True))
            )


def measure(
    device: str, jobs: int, mix: Samples, rounds: int, parent: str | None
) -> list[tuple[float, float, float, float, float]]:
    """The columns of each round, in CPU milliseconds for a second of song. A first one only fills caches."""
    factor = 1000 * RATE / (jobs * mix.shape[1])
    found = []
    with tempfile.TemporaryDirectory(dir=parent) as songs:
        requests = [make_request(Path(songs), mix, f"job{index}") for index in range(jobs)]
        for _ in range(1 + rounds):
            writes = Writes()
            host, main_thread, on_device = RUNS[device](requests, writes)
            for request in requests:
                shutil.rmtree(request.output_dir)
            with tempfile.TemporaryDirectory(dir=parent) as folder:
                bare = writes.repeat(Path(folder))
            found.append((host, main_thread, bare, host - bare, on_device))
    return [
        (factor * host, factor * main_thread, factor * bare, factor * above, factor * on_device)
        for host, main_thread, bare, above, on_device in found[1:]
    ]


def run_numpy(requests: Sequence[SeparationRequest], writes: Writes) -> tuple[float, float, float]:
    """CPU seconds of host, its main thread, and device. The host does all but the network."""
    network = NumpyStub()
    every, of_main = run(network, requests, writes)
    return every - network.seconds, of_main - network.seconds, 0.0


def run_torch(requests: Sequence[SeparationRequest], writes: Writes) -> tuple[float, float, float]:
    """The same for a network on a device."""
    device = DeviceTime()
    with ExitStack() as patches:
        device.count(patches)
        every, of_main = run(StubNetwork(), requests, writes)
    return every - device.seconds, of_main - device.main_seconds, device.seconds


RUNS: dict[str, Callable[[Sequence[SeparationRequest], Writes], tuple[float, float, float]]] = {
    "numpy": run_numpy,
    "torch": run_torch,
}


def run(network: Network, requests: Sequence[SeparationRequest], writes: Writes) -> tuple[float, float]:
    """CPU seconds of the process, and of its main thread."""
    model = make_model([network])
    with writes.recorded():
        every, of_main = time.process_time(), time.thread_time()
        listener = run_jobs(model, *requests)
        used = time.process_time() - every, time.thread_time() - of_main
    if listener.errors:
        raise next(iter(listener.errors.values()))
    return used


if __name__ == "__main__":
    main()
