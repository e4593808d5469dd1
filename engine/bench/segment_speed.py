"""Compares speed and memory for one segment: Demucs against the OpenVINO backend.

Each runs in its own process and they alternate, so other load on the machine affects both. With --starts,
that many fresh processes report the digest of their stems, which must be identical.

    python -m bench.segment_speed --rounds 7 --precisions fp32 bf16 --starts 5
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, cast

import numpy as np

from bench.report import spread, write_line
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.common.device import Precision
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import BackendSettings

SETTINGS: dict[str, dict[str, object]] = {
    "htdemucs": {
        "channels": 48,
        "dconv_mode": 3,
        "bottom_channels": 512,
        "t_layers": 5,
        "samplerate": 44100,
        "segment": Fraction(39, 5),
    },
    "tiny": {
        "channels": 4,
        "dconv_comp": 4,
        "bottom_channels": 32,
        "t_layers": 1,
        "t_heads": 4,
        "samplerate": 44100,
        "segment": Fraction(39, 5),
    },
}
STEMS = ["drums", "bass", "other", "vocals"]
SEGMENT = 343_980


def main() -> None:
    options = parse_options()
    if options.child:
        run_child(options.child, Path(options.folder), options.size)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(child_command("weights", folder, options.size), check=True)
        names = ["stock", *options.precisions]
        children = {name: Child(name, folder, options.size) for name in names}
        rounds = [{name: child.step() for name, child in children.items()} for _ in range(options.rounds)]
        for child in children.values():
            child.close()
        report(names, rounds)
        digests = {Child(options.precisions[0], folder, options.size).once() for _ in range(options.starts)}
        write_line(f"{options.starts} fresh processes gave {len(digests)} different result(s)")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--starts", type=int, default=0)
    parser.add_argument("--precisions", nargs="+", default=["fp32"])
    parser.add_argument("--size", choices=SETTINGS, default="htdemucs")
    parser.add_argument("--child", choices=["weights", "stock", "fp32", "bf16"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def report(names: list[str], rounds: list[dict[str, dict[str, Any]]]) -> None:
    """Leaves out the first round, which warms up."""
    counted = rounds[1:]
    for name in names:
        wall = [found[name]["wall"] for found in counted]
        ratios = [found[name]["wall"] / found["stock"]["wall"] for found in counted]
        processor = median(found[name]["processor"] for found in counted)
        write_line(
            f"{name:6} {spread(wall)} s per segment, "
            f"{median(ratios):.2f} of stock, {processor:5.2f} s of CPU time, "
            f"start {rounds[0][name]['start']:.1f} s, peak {counted[-1][name]['peak_mb']} MB"
        )


class Child:
    """A process with one loaded network."""

    def __init__(self, name: str, folder: str, size: str) -> None:
        self._process = subprocess.Popen(
            child_command(name, folder, size), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def step(self) -> dict[str, Any]:
        """Separate one segment."""
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:
            raise RuntimeError("the child has no pipes")
        orders.write("\n")
        orders.flush()
        found: dict[str, Any] = json.loads(answers.readline())
        return found

    def once(self) -> str:
        """The digest of one segment's stems. Ends the process."""
        digest = str(self.step()["digest"])
        self.close()
        return digest

    def close(self) -> None:
        self._process.communicate(timeout=60)


def child_command(name: str, folder: str, size: str) -> list[str]:
    return [sys.executable, "-m", "bench.segment_speed", "--child", name, "--folder", folder, "--size", size]


def run_child(name: str, folder: Path, size: str) -> None:
    """Separate a segment for each line on stdin, and report its measurements."""
    begin = time.perf_counter()
    if name == "weights":
        write_weights(folder, size)
        return
    separate = (
        load_stock(folder, size) if name == "stock" else load_openvino(folder, size, cast("Precision", name))
    )
    start = time.perf_counter() - begin
    mix = 0.3 * np.random.default_rng(0).standard_normal((2, SEGMENT), np.float32)
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        stems = separate(mix)
        found = {
            "wall": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
            "start": start,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "digest": hashlib.sha256(stems.tobytes()).hexdigest(),
        }
        write_line(json.dumps(found))


def write_weights(folder: Path, size: str) -> None:
    """Random weights in which every branch matters, as in a trained network."""
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    torch.manual_seed(0)
    network = HTDemucs(STEMS, **SETTINGS[size])
    for name, parameter in network.named_parameters():
        if name.endswith(".scale"):
            torch.nn.init.uniform_(parameter, 0.1, 0.5)
    save_file(network.state_dict(), folder / "weights.safetensors")


def load_stock(folder: Path, size: str) -> Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import load_file

    network = HTDemucs(STEMS, **SETTINGS[size]).eval()
    network.load_state_dict(load_file(folder / "weights.safetensors"))

    def separate(mix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(mix)[None]).numpy())

    return separate


def load_openvino(
    folder: Path, size: str, precision: Precision
) -> Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    from safetensors.numpy import load_file

    from separation_engine.backends.openvino.backend import OpenvinoBackend

    path = folder / "weights.safetensors"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    htdemucs = ARCHITECTURES["demucs.htdemucs.HTDemucs"]
    weights = NetworkWeights(htdemucs, (STEMS,), SETTINGS[size], "bench", load_file(path), sha256)
    network = weights.load(OpenvinoBackend(BackendSettings("cpu", precision, folder)))
    return lambda mix: network.forward(mix[np.newaxis])


if __name__ == "__main__":
    main()
