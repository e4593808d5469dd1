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
SHIFT = "dcshift=shift=0.000000059604644775390625"
ROUND = ["-af", SHIFT]
GAIN = ["-af", f"volume=0.891250938:precision=double,{SHIFT}"]
# as before: a gain of 1 that changes no sample, and packets of the default size
UNIT_GAIN = ["-af", f"volume=1:precision=double,{SHIFT}"]
PACKETS = ["-probesize", "4096", "-max_size", "65536", "-f", "wav"]
BLOCKS = "asetnsamples=n=8192:p=0"
SONG = "asetpts=N/SR/TB,aresample=44100:ochl=stereo:osf=flt:rematrix_maxval=1:lfe_mix_level=0.5"
ENCODE = ["-map", "0:a:0", "-map_metadata", "-1", "-threads", "1", "-bitexact"]
FLAC = [
    "-c:a",
    "flac",
    "-frame_size",
    "4096",
    "-sample_fmt",
    "s32",
    "-bits_per_raw_sample",
    "24",
]
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
        mix, flac = Path(folder) / "mix.wav", Path(folder) / "master.flac"

        def run(source: Path, reading: list[str], *more: str) -> list[str]:
            return [options.ffmpeg, *OWN, *reading, "-i", f"file:{source}", *more]

        def decode(*filters: str) -> list[str]:
            return run(
                options.song,
                ["-vn"],
                "-af",
                ",".join(filters),
                "-c:a",
                "pcm_f32le",
                f"file:{mix}",
            )

        def master(stem: Path, gain: list[str], level: int = 5, reading: list[str] = PACKETS) -> list[str]:
            return run(
                stem,
                reading,
                *gain,
                *ENCODE,
                *FLAC,
                "-compression_level",
                str(level),
                f"file:{flac}",
            )

        def discard(stem: Path, codec: str, *gain: str) -> list[str]:
            return run(stem, PACKETS, *gain, *ENCODE, "-c:a", codec, "-f", "null", "-")

        subprocess.run(decode(SONG), check=True)
        # 32-bit float stereo after a short header
        seconds = mix.stat().st_size / (8 * 44_100)
        candidates = {
            "start of ffmpeg, once for each stem": [[options.ffmpeg, "-version"] for _ in stems],
            "decoding of the song": [decode(SONG)],
            "decoding in blocks of 8192 samples": [decode(BLOCKS, SONG)],
            "reading": [discard(stem, "pcm_f32le") for stem in stems],
            "reading and rounding": [discard(stem, "pcm_s32le", *ROUND) for stem in stems],
            "reading, gain and rounding": [discard(stem, "pcm_s32le", *GAIN) for stem in stems],
            "the original as FLAC, level 5": [master(mix, ROUND)],
            "masters with a gain, level 5": [master(stem, GAIN) for stem in stems],
            "masters as before, level 5": [master(stem, UNIT_GAIN, reading=[]) for stem in stems],
        } | {
            f"masters, FLAC level {level}": [master(stem, ROUND, level) for stem in stems] for level in LEVELS
        }
        spent: dict[str, list[float]] = {name: [] for name in candidates}
        sizes: dict[str, int] = {}
        for _ in range(options.rounds):
            for name, commands in candidates.items():
                cost, sizes[name] = 0.0, 0
                for arguments in commands:
                    flac.unlink(missing_ok=True)
                    cost += cpu_seconds(arguments)
                    sizes[name] += flac.stat().st_size if flac.exists() else 0
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
