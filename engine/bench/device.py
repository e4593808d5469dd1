"""Measures whole songs on one device, and writes a Markdown table: the warm engine in several precisions,
with each of ENGINE_GPU_TRIALS and all of them, the `demucs` command, and unblend where it is installed.

All read and write WAV files, with the full-size htdemucs and random weights; unblend uses its own weights.
The first round always runs if it can end in time, and further ones until the time is used up.

    python -m bench.device --minutes 10 --output ../bench/results/gpu-songs.md

A dry run on a CPU: --device cpu --model tiny --songs 1 2 --seconds 5 --engines fp32 --minutes 1
"""

from __future__ import annotations

import argparse
import platform
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import get_args

import numpy as np
import torch

from bench.driver import Run, used_mib, watched
from bench.report import spread, write_line
from separation_engine.common.device import GpuTrial
from tests.engine_process import EngineProcess, separate_message
from tests.sounds import RATE, song, write_wav

_MODELS = Path(__file__).parents[2] / "bench" / "random_model.py"
_HEAD = (
    "| what | songs at once | rounds | seconds [range] | times real time | times demucs | GPU busy, % "
    "| GPU memory, MiB | CPU, ms for 1 s of song |"
)
_PATIENCE_SECONDS = 300
Separate = Callable[[Sequence[Path], Path], None]


class NotMeasuredError(Exception):
    """Why a contender could not run, for the table."""


@dataclass
class Contender:
    """start: yields a function that separates songs into a folder, and the process that does it, if it stays.

    runs: by number of songs. refusal: why there are none.
    """

    name: str
    start: Callable[[], AbstractContextManager[tuple[Separate, int | None]]]
    runs: dict[int, list[Run]] = field(default_factory=dict)
    refusal: str = ""


def main() -> None:
    options = parse_options()
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        folder = Path(scratch)
        subprocess.run([sys.executable, str(_MODELS), str(folder), options.model], check=True)
        songs = make_songs(folder, max(options.songs), options.seconds)
        contenders = make_contenders(folder, options)
        for index, contender in enumerate(contenders):
            now = time.monotonic()
            share = now + (deadline - now) / (len(contenders) - index)
            try:
                measure(contender, songs, folder, options, share, deadline)
            except NotMeasuredError as error:
                contender.refusal = str(error)
                write_line(f"{contender.name}: not measured: {error}")
    table = "\n".join(make_table(contenders, options))
    write_line(table)
    if options.output:
        options.output.write_text(table + "\n", "utf-8")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = "+".join(get_args(GpuTrial))
    # the trials are for the fastest precision first: ten minutes are short
    engines = ["fp32", "tf32", "fp16", *(f"fp16+{trial}" for trial in get_args(GpuTrial)), f"fp16+{every}"]
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--model", choices=["htdemucs", "tiny"], default="htdemucs")
    parser.add_argument("--songs", nargs="+", type=int, default=[1, 32], help="concurrent songs")
    parser.add_argument("--seconds", type=float, default=240.0, help="length of each song")
    parser.add_argument("--rounds", type=int, default=5, help="the most, if there is time")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--engines", nargs="+", default=[*engines, f"tf32+{every}"], help="PRECISION[+TRIAL…], as by default"
    )
    parser.add_argument("--folder", help="folder for songs and stems")
    parser.add_argument("--output", type=Path, help="file for the table")
    return parser.parse_args()


def make_contenders(folder: Path, options: argparse.Namespace) -> list[Contender]:
    stock = Contender("demucs command", partial(start_stock, folder, options))
    engines = [
        Contender(f"engine, {name.replace('+', ' + ')}", partial(start_engine, folder, name, options))
        for name in options.engines
    ]
    return [stock, *engines, Contender("unblend command", partial(start_unblend, options))]


def measure(
    contender: Contender,
    songs: Sequence[Path],
    folder: Path,
    options: argparse.Namespace,
    share: float,
    deadline: float,
) -> None:
    """share, deadline: when further rounds, and when first ones must end, in the time of `monotonic`."""
    before = used_mib() if options.device == "cuda" else 0.0
    with contender.start() as (separate, pid):
        if pid is not None:
            # the first song of a process loads the CUDA kernels
            separate(songs[:1], folder / "warm")
            shutil.rmtree(folder / "warm")
        for index in range(options.rounds):
            for count in sorted(options.songs):
                expected = expected_seconds(contender.runs, count)
                if time.monotonic() + expected > (share if index else deadline):
                    continue
                run = watched(partial(separate, songs[:count], folder / "stems"), options.device, pid)
                shutil.rmtree(folder / "stems")
                run = Run(run.seconds, run.cpu_seconds, run.busy, run.memory - before)
                contender.runs.setdefault(count, []).append(run)
                write_line(f"{contender.name}, {count} songs: {run.seconds:.2f} s")


def expected_seconds(runs: dict[int, list[Run]], count: int) -> float:
    """From the runs with the same number of songs, or the nearest smaller one; 0 without any."""
    known = max((number for number in runs if number <= count), default=0)
    return median(run.seconds for run in runs[known]) * count / known if known else 0.0


@contextmanager
def start_engine(folder: Path, name: str, options: argparse.Namespace) -> Iterator[tuple[Separate, int]]:
    precision, *trials = name.split("+")
    engine = EngineProcess(
        {
            "MODELS_DIR": str(folder / "models"),
            "MODEL": options.model,
            "DEVICE": options.device,
            "ENGINE_BACKEND": "torch",
            "PRECISION": precision,
            "ENGINE_GPU_TRIALS": ",".join(trials),
            "ENGINE_CACHE_DIR": str(folder / "cache"),
        }
    )
    try:
        wait_for(engine, "ready")
        ignored = [
            line
            for line in engine.logs
            if "no effect" in line or "this network runs without CUDA graphs" in line
        ]
        if ignored:
            raise NotMeasuredError(ignored[-1])
        yield partial(separate, engine, options.model), engine.pid
    finally:
        engine.close()


def separate(engine: EngineProcess, model: str, songs: Sequence[Path], stems: Path) -> None:
    for index, path in enumerate(songs):
        engine.send(separate_message(path, stems / str(index), f"{stems.name}{index}", model=model))
    for _ in songs:
        wait_for(engine, "result")


def wait_for(engine: EngineProcess, kind: str) -> None:
    """The heartbeats show that the engine still works."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            message = engine.wait_for(lambda message: message["type"] in {kind, "error", "heartbeat"})
        except (AssertionError, queue.Empty) as error:
            raise NotMeasuredError(f"the engine ended or hangs: {engine.logs[-1:]}") from error
        if message["type"] == kind:
            return
        if message["type"] == "error":
            raise NotMeasuredError(message["message"])
    raise NotMeasuredError(f"the engine sent no {kind} in {_PATIENCE_SECONDS} s")


@contextmanager
def start_stock(folder: Path, options: argparse.Namespace) -> Iterator[tuple[Separate, None]]:
    """A process of its own for each run, which loads the model."""
    command = ["demucs", "-n", options.model, "--repo", str(folder / "stock"), "-d", options.device]
    yield lambda songs, stems: run_module([*command, "-o", str(stems), *map(str, songs)]), None


@contextmanager
def start_unblend(options: argparse.Namespace) -> Iterator[tuple[Separate, None]]:
    """The same, with the weights that it finds or fetches."""
    if find_spec("unblend") is None:
        raise NotMeasuredError("the package unblend is not installed")

    def separate(songs: Sequence[Path], stems: Path) -> None:
        template = str(stems / "{track}" / "{stem}.{ext}")
        command = ["unblend", "separate", "-m", "htdemucs", "-d", options.device, "-o", template]
        run_module([*command, *map(str, songs)])

    yield separate, None


def run_module(command: Sequence[str]) -> None:
    told = subprocess.run(
        [sys.executable, "-m", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if told.returncode:
        lines = told.stderr.strip().splitlines() or [f"exit status {told.returncode}"]
        raise NotMeasuredError(f"`{command[0]}` failed: {lines[-1]}")


def make_table(contenders: Sequence[Contender], options: argparse.Namespace) -> Iterator[str]:
    name = torch.cuda.get_device_name() if options.device == "cuda" else platform.processor() or "a CPU"
    yield (
        f"{name}, torch {torch.__version__}, Python {platform.python_version()}, "
        f"songs of {options.seconds:.0f} s, {options.model} with random weights. Medians."
    )
    yield ""
    yield _HEAD
    yield "| --- |" + " ---: |" * (_HEAD.count("|") - 2)
    stock = contenders[0].runs
    for contender in contenders:
        for count, runs in sorted(contender.runs.items()):
            seconds = median(run.seconds for run in runs)
            stock_seconds = median(run.seconds for run in stock.get(count, ())) if count in stock else np.nan
            song_seconds = count * options.seconds
            cells = [
                contender.name,
                f"{count}",
                f"{len(runs)}",
                spread([run.seconds for run in runs]),
                f"{song_seconds / seconds:.0f}",
                f"{stock_seconds / seconds:.1f}",
                f"{median(run.busy for run in runs):.0f}",
                f"{max(run.memory for run in runs):.0f}",
                f"{1000 * median(run.cpu_seconds for run in runs) / song_seconds:.2f}",
            ]
            yield f"| {' | '.join('-' if cell == 'nan' else cell for cell in cells)} |"
    yield ""
    for contender in contenders:
        if contender.refusal or not contender.runs:
            yield f"- {contender.name}: not measured: {contender.refusal or 'the time was used up'}"


def make_songs(folder: Path, count: int, seconds: float) -> list[Path]:
    """Different songs: the same sound, rotated by different offsets."""
    mix = song(round(seconds * RATE))
    return [
        write_wav(folder / f"song{index}.wav", np.roll(mix, index * RATE // 7, axis=1))
        for index in range(count)
    ]


if __name__ == "__main__":
    main()
