"""Compares speed and memory for one segment: Demucs against the OpenVINO backend.

Each runs in its own process and they alternate, so other load on the machine affects both.

    python -m bench.segment_speed --rounds 7 --precisions fp32 bf16
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import cast

import numpy as np

from bench.child import Child
from bench.report import spread, write_line
from separation_engine.common.device import Precision
from separation_engine.common.wav import Samples
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import BackendSettings
from tests.model_files import FOUR, FULL, TINY

SIZES = {"htdemucs": FULL, "tiny": TINY}


def main() -> None:
    options = parse_options()
    if options.child:
        run_child(options.child, options.folder, options.size)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(child_command("weights", folder, options.size), check=True)
        children = {
            name: Child(child_command(name, folder, options.size)) for name in ["stock", *options.precisions]
        }
        rounds = [{name: child.step() for name, child in children.items()} for _ in range(options.rounds)]
        for child in children.values():
            child.close()
        report(rounds)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precisions", nargs="+", default=["fp32"])
    parser.add_argument("--size", choices=SIZES, default="htdemucs")
    parser.add_argument("--child", choices=["weights", "stock", "fp32", "bf16"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def report(rounds: list[dict[str, dict[str, float]]]) -> None:
    """Leaves out the first round, which warms up."""
    counted = rounds[1:]
    for name, first in rounds[0].items():
        ratio = median(found[name]["wall"] / found["stock"]["wall"] for found in counted)
        cpu = median(found[name]["cpu"] for found in counted)
        write_line(
            f"{name:6} {spread([found[name]['wall'] for found in counted])} s per segment, "
            f"{ratio:.2f} of stock, {cpu:5.2f} s of CPU time, "
            f"start {first['start']:.1f} s, peak {counted[-1][name]['peak_mb']:.0f} MB"
        )


def child_command(name: str, folder: str, size: str) -> list[str]:
    return [sys.executable, "-m", "bench.segment_speed", "--child", name, "--folder", folder, "--size", size]


def run_child(name: str, folder: Path, size: str) -> None:
    """Separate a segment for each line on stdin, and report its measurements."""
    if name == "weights":
        from demucs.htdemucs import HTDemucs

        from tests.models import make_network, write_model

        network = make_network(HTDemucs, FOUR, SIZES[size])
        write_model(folder, "model", [network], settings=SIZES[size], checked=False)
        return
    begin = time.perf_counter()
    separate = load_stock(folder) if name == "stock" else load_openvino(folder, cast("Precision", name))
    start = time.perf_counter() - begin
    mix = 0.3 * np.random.default_rng(0).standard_normal((2, 343_980), np.float32)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        separate(mix)
        found = {
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "start": start,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        write_line(json.dumps(found))


def load_stock(folder: Path) -> Callable[[Samples], object]:
    import torch
    from demucs.hf import load_safetensors_model

    network = load_safetensors_model(folder / "model" / "00000000.safetensors").eval()

    def separate(mix: Samples) -> object:
        with torch.inference_mode():
            return network(torch.from_numpy(mix)[None])

    return separate


def load_openvino(folder: Path, precision: Precision) -> Callable[[Samples], object]:
    from separation_engine.backends.openvino.backend import OpenvinoBackend

    backend = OpenvinoBackend(BackendSettings("cpu", precision, folder))
    network = read_folder(folder / "model", "model").read_weights(0).load(backend)
    return lambda mix: network.forward(mix[np.newaxis])


if __name__ == "__main__":
    main()
