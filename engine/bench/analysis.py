"""Compares the analysis with the truth of generated songs, and measures its CPU time and memory.

Prints Markdown. The tempo's weights were fitted to songs from seed 20000 on.

    python -m bench.analysis --songs 200
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median

import numpy as np

from bench.report import write_line
from separation_engine.analysis.analyze import ArraySource, analyze
from separation_engine.common.wav import Samples
from tests.known_songs import FEELS, KnownSong, compose_known, render_known
from tests.known_songs.scoring import Score, score
from training.make_demo_song import demo_song
from training.synthesis import SAMPLE_RATE, STEMS, mix_of, render_stems

_FIRST_SEED = 1000
_CONFIDENCES = (0.0, 0.5, 0.8, 0.95, 1.01)


@dataclass(frozen=True)
class Run:
    """seconds: CPU time of the analysis."""

    song: KnownSong
    score: Score
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=int, default=60, help="length of the song that shows the memory")
    options = parser.parse_args()
    # first: the peak of a process never falls
    memory = measure_memory(options.minutes)
    runs = []
    with ProcessPoolExecutor(options.workers) as pool:
        for run in pool.map(run_song, range(_FIRST_SEED, _FIRST_SEED + options.songs)):
            runs.append(run)
            sys.stderr.write(f"{len(runs)} of {options.songs}: {run}\n")
    show_scores(runs)
    show_confidence("tempo", [(run.score.tempo_confidence, run.score.tempo) for run in runs])
    show_confidence("key", [(run.score.key_confidence, run.score.key) for run in runs])
    show_cost(runs)
    show_demo_song()
    write_line(memory)


def run_song(seed: int) -> Run:
    song = compose_known(seed)
    stems = render_known(song)
    mix = sum_of(list(stems.values()))
    began = time.process_time()
    found = analyze(ArraySource(mix), {name: ArraySource(stem) for name, stem in stems.items()})
    return Run(song, score(song, found), time.process_time() - began)


def sum_of(stems: Sequence[Samples]) -> Samples:
    mix: Samples = np.sum(stems, axis=0, dtype=np.float32)
    return mix


def show_scores(runs: Sequence[Run]) -> None:
    groups: dict[str, Callable[[KnownSong], bool]] = {"all": lambda _: True}
    for feel in FEELS:
        groups[feel] = lambda song, feel=feel: song.feel == feel
    groups |= {
        "60 to 90 bpm": lambda song: song.tempo < 90,
        "90 to 140 bpm": lambda song: 90 <= song.tempo < 140,
        "140 to 190 bpm": lambda song: song.tempo >= 140,
        "drifting tempo": lambda song: song.drift > 0,
        "major": lambda song: song.scale == "major",
        "minor": lambda song: song.scale == "minor",
        "detuned": lambda song: song.tuning != 0,
    }
    write_line(
        "| songs | number | tempo or an octave | tempo | beats, F-measure | key | tuning, worst cents |"
    )
    write_line("| --- | --- | --- | --- | --- | --- | --- |")
    for name, belongs in groups.items():
        scores = [run.score for run in runs if belongs(run.song)]
        if scores:
            shares = [percent([entry.octave for entry in scores]), percent([entry.tempo for entry in scores])]
            beats, key = mean(entry.beats for entry in scores), percent([entry.key for entry in scores])
            worst = max(entry.tuning for entry in scores)
            write_line(
                f"| {name} | {len(scores)} | {' | '.join(shares)} | {beats:.3f} | {key} | {worst:.1f} |"
            )


def show_confidence(what: str, pairs: Sequence[tuple[float, bool]]) -> None:
    write_line(f"\n| confidence of the {what} | songs | right |\n| --- | --- | --- |")
    for low, high in pairwise(_CONFIDENCES):
        right = [is_right for confidence, is_right in pairs if low <= confidence < high]
        write_line(f"| {low} to {min(high, 1.0)} | {len(right)} | {percent(right) if right else '-'} |")


def show_cost(runs: Sequence[Run]) -> None:
    seconds = [run.seconds / (run.song.samples / SAMPLE_RATE / 60) for run in runs]
    write_line(f"\nCPU seconds per minute of song, with a mix and three stems: {median(seconds):.2f}")


def show_demo_song() -> None:
    song = demo_song()
    stems = render_stems(song)
    sources = {name: ArraySource(stem) for name, stem in zip(STEMS, stems, strict=True)}
    began = time.process_time()
    found = analyze(ArraySource(mix_of(stems)), sources)
    seconds = time.process_time() - began
    beats = found["tempo"].pop("beats")
    write_line(f"\nDemo song (104 bpm, A major), from its true stems, {seconds:.2f} CPU seconds: {found}")
    write_line(f"First beats: {beats[:4]}")


def measure_memory(minutes: int) -> str:
    sound = Endless(minutes * 60 * SAMPLE_RATE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    analyze(sound, dict.fromkeys(STEMS, sound))
    seconds = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return f"\n{minutes} minutes of four stems: {seconds:.0f} CPU seconds, peak memory {grown:.0f} MiB more"


class Endless:
    """A generated song over and over, without a copy of all of it."""

    sample_rate = SAMPLE_RATE

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self._part = sum_of(list(render_known(compose_known(_FIRST_SEED)).values()))

    def read(self, start: int, samples: int) -> Samples:
        places = np.arange(start, start + samples) % self._part.shape[1]
        part: Samples = self._part[:, places]
        return part


def percent(values: Sequence[bool]) -> str:
    return f"{100 * sum(values) / len(values):.1f} %"


if __name__ == "__main__":
    main()
