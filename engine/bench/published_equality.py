"""Compares published networks at full size: ours on OpenVINO and on torch against their authors' code.

The weights are random. Prints a row per network and sound: the largest error against the authors' code, as a
fraction of full scale. Their RoFormers run in float64, because float32 is wrong by 1e-4 where bands are
nearly silent. Every program is a process of its own, one at a time. See published_networks for the code that
it needs.

    PUBLISHED_CODE=… python -m bench.published_equality --networks viperx bs4 scnet_large
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from bench.published_networks import NETWORKS, Published, sized
from bench.report import write_line
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.common.wav import Samples
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import Backend, BackendSettings, Network
from tests.sounds import RATE, impulses, noise, song

BACKENDS: dict[str, type[Backend]] = {"openvino": OpenvinoBackend, "torch": TorchBackend}
ALLOWED = 1e-4
Make = Callable[[int], Samples]


def silence(samples: int) -> Samples:
    return np.zeros((2, samples), np.float32)


def start_of_song(seconds: float, samples: int) -> Samples:
    """A song that ends early; silence follows."""
    mix = song(samples)
    mix[:, round(seconds * RATE) :] = 0
    return mix


def but_one_sample(samples: int) -> Samples:
    return start_of_song((samples - 1) / RATE, samples)


SOUNDS: dict[str, Make] = {
    "song": song,
    "0.1 s": partial(start_of_song, 0.1),
    "segment - 1": but_one_sample,
    "impulses": impulses,
    "noise": noise,
    "silence": silence,
}


def main() -> None:
    options = parse_options()
    if options.child:
        run_child(options.child, sized(options.networks[0], options.segment), options)
        return
    write_line("| network | segment, s | sound | peak of stems | openvino | torch |")
    write_line("| --- | --- | --- | --- | --- | --- |")
    results = [compare(name, options) for name in options.networks]
    if not all(results):
        sys.exit(f"an error is above {ALLOWED}, or the bits differ")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=[*NETWORKS])
    parser.add_argument("--sounds", nargs="+", choices=SOUNDS, default=[*SOUNDS])
    parser.add_argument("--segment", type=int, help="seconds, instead of the published length")
    parser.add_argument(
        "--starts",
        type=int,
        default=3,
        help="fresh processes that must give the same bits, of the first sound",
    )
    parser.add_argument("--repeat", action="store_true", help="the first sound must give the same bits again")
    parser.add_argument("--child", choices=["published", *BACKENDS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(name: str, options: argparse.Namespace) -> bool:
    published, sounds = sized(name, options.segment), options.sounds
    with tempfile.TemporaryDirectory() as folder:
        published.write(Path(folder), "model")
        for child in ("published", *BACKENDS):
            start_child(child, name, options, sounds, folder)
        fine = True
        for sound in sounds:
            theirs, *ours = (np.load(path_of(folder, child, sound)) for child in ("published", *BACKENDS))
            errors = [float(np.abs(found - theirs).max()) for found in ours]
            peak = float(np.abs(theirs).max())
            fine = fine and max(errors) <= ALLOWED
            columns = " | ".join(f"{error:.1e}" for error in errors)
            segment = published.settings["segment"]
            write_line(f"| {published.title} | {segment} | {sound} | {peak:.2f} | {columns} |")
        digests = {digest(folder, sounds[0])}
        for _ in range(options.starts - 1):
            start_child("openvino", name, options, sounds[:1], folder)
            digests.add(digest(folder, sounds[0]))
        write_line(f"{published.title}: {options.starts} starts gave {len(digests)} different result(s)")
        return fine and len(digests) == 1


def start_child(child: str, name: str, options: argparse.Namespace, sounds: list[str], folder: str) -> None:
    command = [sys.executable, "-m", "bench.published_equality", "--child", child, "--networks", name]
    segment = ["--segment", str(options.segment)] if options.segment else []
    repeat = ["--repeat"] if options.repeat else []
    subprocess.run([*command, *segment, *repeat, "--folder", folder, "--sounds", *sounds], check=True)


def run_child(child: str, published: Published, options: argparse.Namespace) -> None:
    separate = load_published(published) if child == "published" else load_ours(child, options.folder)
    for sound in options.sounds:
        stems = separate(SOUNDS[sound](published.samples))
        np.save(path_of(options.folder, child, sound), stems)
    if child in BACKENDS and options.repeat:
        first = options.sounds[0]
        again, before = separate(SOUNDS[first](published.samples)), path_of(options.folder, child, first)
        if not np.array_equal(again, np.load(before)):
            sys.exit(f"{child}: {first} gave other bits the second time")


def load_published(published: Published) -> Callable[[Samples], Samples]:
    module = published.module()
    dtype = torch.float32
    if published.kind != "scnet":
        dtype = torch.float64
        module.double()
        vars(module)["stft_window_fn"] = partial(vars(module)["stft_window_fn"], dtype=dtype)

    def separate(mix: Samples) -> Samples:
        with torch.inference_mode():
            stems: Samples = module(torch.from_numpy(mix)[None].to(dtype))[0].float().numpy()
        return stems.reshape(-1, *mix.shape)

    return separate


def load_ours(child: str, folder: Path) -> Callable[[Samples], Samples]:
    network = load_network(child, folder)
    return lambda mix: network.forward(mix[np.newaxis])[0]


def load_network(name: str, folder: Path) -> Network:
    """name: of a backend. folder: holds the model."""
    backend = BACKENDS[name](BackendSettings("cpu", "fp32", folder / "cache"))
    return read_folder(folder / "model", "model").read_weights(0).load(backend)


def path_of(folder: str | Path, child: str, sound: str) -> Path:
    return Path(folder) / f"{child} {sound}.npy"


def digest(folder: str, sound: str) -> str:
    """Of the stems that OpenVINO made."""
    return hashlib.sha256(path_of(folder, "openvino", sound).read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
