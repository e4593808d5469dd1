"""Compares songs of several segments through full-size published networks: ours against their authors' code.

The weights are random. `demix_track` of melband-roformer-infer cuts the songs for the authors' code and joins
them again: the same for SCNets, as in the code that they were trained with. Ours go through the scheduler of
the engine. Prints a row per network and length as published_equality does, and needs the same code.

    PUBLISHED_CODE=… python -m bench.published_songs --networks scnet --seconds 180
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from bench.published_equality import ALLOWED, BACKENDS, load_network, load_published, path_of
from bench.published_networks import CLASSES, NETWORKS, Published, published_code, sized
from bench.report import write_line
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.common.wav import Samples
from tests.runs import make_model, make_request, run_one
from tests.sounds import RATE, song

Separate = Callable[[Samples], Samples]


class Steps:
    """How many steps a segment has, for `demix_track`: it need not be a whole number."""

    def __init__(self, overlap: float) -> None:
        self._overlap = overlap

    def __rfloordiv__(self, segment_samples: int) -> int:
        return int((1 - self._overlap) * segment_samples)


def main() -> None:
    options = parse_options()
    if options.child:
        run_child(options.child, options)
        return
    write_line(
        "| network | segment, s | song, samples | peak of stems | " + " | ".join(options.backends) + " |"
    )
    write_line("| --- |" + " --- |" * (3 + len(options.backends)))
    results = [compare(name, options) for name in options.networks]
    if not all(results):
        sys.exit(f"an error is above {ALLOWED}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=[*NETWORKS][1:], default=[*NETWORKS][1:])
    parser.add_argument("--segment", type=int, help="seconds, instead of the published length")
    parser.add_argument("--seconds", nargs="*", type=float, default=[], help="besides a segment and a sample")
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=[*BACKENDS])
    parser.add_argument("--child", choices=["published", *BACKENDS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(name: str, options: argparse.Namespace) -> bool:
    published, children = sized(name, options.segment), ("published", *options.backends)
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        published.write(Path(folder), "model")
        for child in children:
            start_child(child, name, options, folder)
        for samples in song_lengths(published, options.seconds):
            theirs, *ours = (np.load(path_of(folder, child, str(samples))) for child in children)
            errors = [float(np.abs(found - theirs).max()) for found in ours]
            fine = fine and max(errors) <= ALLOWED
            columns = " | ".join(f"{error:.1e}" for error in errors)
            peak = np.abs(theirs).max()
            write_line(f"| {published.title} | {published.seconds:g} | {samples} | {peak:.2f} | {columns} |")
    return fine


def song_lengths(published: Published, seconds: list[float]) -> list[int]:
    """In samples."""
    return [published.samples + 1, *(round(length * RATE) for length in seconds)]


def start_child(child: str, name: str, options: argparse.Namespace, folder: str) -> None:
    command = [sys.executable, "-m", "bench.published_songs", "--child", child, "--networks", name]
    segment = ["--segment", str(options.segment)] if options.segment else []
    seconds = ["--seconds", *map(str, options.seconds)]
    # demix_track reports its progress on stdout
    subprocess.run([*command, "--folder", folder, *segment, *seconds], check=True, stdout=subprocess.DEVNULL)


def run_child(child: str, options: argparse.Namespace) -> None:
    published, folder = sized(options.networks[0], options.segment), options.folder
    separate = their_code(published) if child == "published" else our_code(child, published, folder)
    for samples in song_lengths(published, options.seconds):
        np.save(path_of(folder, child, str(samples)), separate(song(samples)))


def their_code(published: Published) -> Separate:
    demix = published_code("mel_band_roformer.utils").demix_track
    forward = load_published(published)
    inference = SimpleNamespace(chunk_size=published.samples, num_overlap=Steps(published.overlap))
    training = SimpleNamespace(target_instrument=None, instruments=published.sources)
    config = SimpleNamespace(inference=inference, training=training)

    def module(parts: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(forward(parts[0].numpy()))[None]

    def separate(mix: Samples) -> Samples:
        stems, _ = demix(config, module, torch.from_numpy(mix), torch.device("cpu"))
        return np.stack([stems[source] for source in published.sources])

    return separate


def our_code(child: str, published: Published, folder: Path) -> Separate:
    cutting = ARCHITECTURES[CLASSES[published.kind]].cutting
    model = make_model([load_network(child, folder)], cutting=cutting)

    def separate(mix: Samples) -> Samples:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            request = make_request(Path(name), mix, stems=published.sources, overlap=published.overlap)
            stems, _ = run_one(model, request)
        return np.stack([stems[source] for source in published.sources])

    return separate


if __name__ == "__main__":
    main()
