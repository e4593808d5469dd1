"""Measures the masters of a song: CPU milliseconds and bytes for a second of song with all its stems.

Encodes as libs/audio/src/encoding/encode-arguments.ts does, at every FLAC level, in turns.

    engine/.venv/bin/python bench/encoding.py SONG FOLDER_OF_STEMS [--rounds 5] [--ffmpeg PATH]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import imageio_ffmpeg

OWN = [
    "-nostdin",
    "-hide_banner",
    "-nostats",
    "-loglevel",
    "error",
    "-filter_threads",
    "1",
    "-y",
    "-threads",
    "1",
]
GAIN = ["-af", "volume=0.891250938:precision=double,dcshift=shift=0.000000059604644775390625"]
ENCODE = ["-map", "0:a:0", "-map_metadata", "-1", "-threads", "1", "-bitexact"]
FLAC = ["-c:a", "flac", "-frame_size", "4096", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"]
LEVELS = range(9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("song", type=Path)
    parser.add_argument("stems", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ffmpeg", default=imageio_ffmpeg.get_ffmpeg_exe())
    options = parser.parse_args()
    stems = sorted(options.stems.glob("*.wav"))
    with tempfile.TemporaryDirectory() as folder:
        mix, master = Path(folder) / "mix.wav", Path(folder) / "master.flac"

        def command(source: Path, *more: str) -> list[str]:
            return [options.ffmpeg, *OWN, "-i", f"file:{source}", *more]

        decode = command(options.song, "-vn", "-ar", "44100", "-ac", "2", "-c:a", "pcm_f32le", f"file:{mix}")
        subprocess.run(decode, check=True)
        # 32-bit float stereo after a short header
        seconds = mix.stat().st_size / (8 * 44_100)
        candidates = {
            "start of ffmpeg, once for each stem": [[options.ffmpeg, "-version"] for _ in stems],
            "decoding of the song": [decode],
            "reading": [command(stem, *ENCODE, "-c:a", "pcm_f32le", "-f", "null", "-") for stem in stems],
            "reading and gain": [
                command(stem, *GAIN, *ENCODE, "-c:a", "pcm_s32le", "-f", "null", "-") for stem in stems
            ],
            "the original as FLAC, level 5": [
                command(mix, *ENCODE, *FLAC, "-compression_level", "5", f"file:{master}")
            ],
        } | {
            f"masters, FLAC level {level}": [
                command(stem, *GAIN, *ENCODE, *FLAC, "-compression_level", str(level), f"file:{master}")
                for stem in stems
            ]
            for level in LEVELS
        }
        spent: dict[str, list[float]] = {name: [] for name in candidates}
        sizes: dict[str, int] = {}
        for _ in range(options.rounds):
            for name, commands in candidates.items():
                cost, sizes[name] = 0.0, 0
                for arguments in commands:
                    master.unlink(missing_ok=True)
                    cost += cpu_seconds(arguments)
                    sizes[name] += master.stat().st_size if master.exists() else 0
                spent[name].append(1000 * cost / seconds)
    lines = [
        f"{len(stems)} stems, a song of {seconds:.0f} s, median of {options.rounds} [range]",
        "",
        "| work | CPU ms for a second of song | kB for a second of song |",
        "| --- | --- | --- |",
    ]
    for name, values in spent.items():
        size = f"{sizes[name] / seconds / 1000:.0f}" if sizes[name] else ""
        lines.append(f"| {name} | {median(values):.2f} [{min(values):.2f}-{max(values):.2f}] | {size} |")
    sys.stdout.write("\n".join(lines) + "\n")


def cpu_seconds(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
