"""Compares the warm engine with the `demucs` command on the same songs, alternating.

Both read and write WAV files with full-size htdemucs and random weights. Reports wall seconds, and GPU
utilization and memory from the driver. Memory is that of all engines together, plus Demucs while it runs.

    python -m bench.songs_on_device --device cuda --songs 1 32 --seconds 240 --rounds 5 3
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median

import numpy as np

from bench.report import spread, write_line
from tests.engine_process import EngineProcess, separate_message
from tests.sounds import RATE, song, write_wav

_MODELS = Path(__file__).parents[2] / "bench" / "random_model.py"
_ASK_DRIVER = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]


@dataclass(frozen=True)
class Run:
    """seconds: wall time. busy: GPU utilization in percent. memory: peak GPU memory in MiB."""

    seconds: float
    busy: float
    memory: float


def main() -> None:
    options = parse_options()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        folder = Path(scratch)
        subprocess.run([sys.executable, str(_MODELS), str(folder), "htdemucs"], check=True)
        songs = make_songs(folder, max(options.songs), options.seconds)
        with ExitStack() as ends:
            engines: dict[str, EngineProcess] = {}
            for precision in options.precisions:
                engine = engines[precision] = start(folder, precision, options.device)
                ends.callback(engine.close)
            for engine in engines.values():
                # the first song of a process loads the CUDA kernels
                separate(engine, songs[:1], folder / "warm")
                shutil.rmtree(folder / "warm")
            write_line(
                "songs  what         seconds [range]  times as fast [range]  x real time  busy %  GPU MiB"
            )
            for count, rounds in zip(options.songs, options.rounds, strict=True):
                compare(folder, songs[:count], rounds, engines, options)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--songs", nargs="+", type=int, default=[1, 32], help="concurrent songs")
    parser.add_argument("--seconds", type=float, default=240.0, help="length of each song")
    parser.add_argument("--rounds", nargs="+", type=int, default=[5, 3], help="one per number of songs")
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "tf32", "bf16"], default=["fp32", "tf32"])
    parser.add_argument("--folder", help="folder for songs and stems")
    options = parser.parse_args()
    if len(options.rounds) != len(options.songs):
        parser.error("give as many --rounds as --songs")
    return options


def compare(
    folder: Path,
    songs: Sequence[Path],
    rounds: int,
    engines: Mapping[str, EngineProcess],
    options: argparse.Namespace,
) -> None:
    """Each round runs Demucs, then each engine."""
    runs: dict[str, list[Run]] = {name: [] for name in ["stock", *engines]}
    for _ in range(rounds):
        works = {"stock": partial(run_stock, folder, songs, options.device)} | {
            name: partial(separate, engine, songs) for name, engine in engines.items()
        }
        for name, work in works.items():
            runs[name].append(watched(partial(work, folder / "stems"), options.device))
            shutil.rmtree(folder / "stems")
    for name, found in runs.items():
        seconds = [run.seconds for run in found]
        ratios = [of_stock.seconds / run.seconds for of_stock, run in zip(runs["stock"], found, strict=True)]
        write_line(
            f"{len(songs):5}  {name:5} {spread(seconds):>22} {spread(ratios, 1):>22} "
            f"{len(songs) * options.seconds / median(seconds):12.0f} "
            f"{median(run.busy for run in found):7.0f} {median(run.memory for run in found):8.0f}"
        )


def start(folder: Path, precision: str, device: str) -> EngineProcess:
    engine = EngineProcess(
        {
            "MODELS_DIR": str(folder / "models"),
            "MODEL": "htdemucs",
            "DEVICE": device,
            "PRECISION": precision,
            "ENGINE_CACHE_DIR": str(folder / "cache"),
        }
    )
    try:
        ready = engine.wait_for_type("ready")
    except BaseException:
        engine.close()
        raise
    write_line(f"{precision}: {ready['backend']} on {ready['deviceName']}")
    return engine


def separate(engine: EngineProcess, songs: Sequence[Path], stems: Path) -> None:
    for index, path in enumerate(songs):
        engine.send(separate_message(path, stems / str(index), f"{stems.name}{index}", model="htdemucs"))
    done = 0
    while done < len(songs):
        message = engine.wait_for(lambda message: message["type"] in {"result", "error"})
        if message["type"] == "error":
            raise RuntimeError(message["message"])
        done += 1


def run_stock(folder: Path, songs: Sequence[Path], device: str, stems: Path) -> None:
    options = ["-n", "htdemucs", "--repo", folder / "stock", "-d", device, "-o", stems]
    command = [sys.executable, "-m", "demucs", *map(str, [*options, *songs])]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the demucs command failed: {done.stderr[-500:]}")


def watched(work: Callable[[], None], device: str) -> Run:
    """Query the driver five times a second while the work runs."""
    if device != "cuda":
        began = time.perf_counter()
        work()
        return Run(time.perf_counter() - began, 0.0, 0.0)
    with subprocess.Popen([*_ASK_DRIVER, "-lms", "200"], stdout=subprocess.PIPE, text=True) as driver:
        began = time.perf_counter()
        try:
            work()
        finally:
            seconds = time.perf_counter() - began
            driver.terminate()
        samples = [tuple(map(float, line.split(","))) for line in driver.stdout or ()]
    busy, memory = zip(*samples, strict=True)
    return Run(seconds, mean(busy), max(memory))


def make_songs(folder: Path, count: int, seconds: float) -> list[Path]:
    """Different songs: the same sound, rotated by different offsets."""
    mix = song(round(seconds * RATE))
    return [
        write_wav(folder / f"song{index}.wav", np.roll(mix, index * RATE // 7, axis=1))
        for index in range(count)
    ]


if __name__ == "__main__":
    main()
