"""Compares the speed of published networks for a segment: ours on OpenVINO against the authors' code.

The weights are random. Each program is a process of its own, and they take turns. All figures are of CPU
time, which other load on the machine changes least. A large product of matrices runs in the same turns: it
tells how fast the machine is. See published_networks for the code that it needs.

    PUBLISHED_CODE=… python -m bench.published_speed --networks kim scnet --rounds 3
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from bench.child import Child
from bench.published_networks import NETWORKS, Published, sized
from bench.report import spread, write_line
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.openvino.runtime import opset, ov
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import BackendSettings, Network
from tests.sounds import song

CHILDREN = ("product", "published", "openvino")
PRODUCT_SIZE = 4096
CORES = 2
# a thread that waits for another one must not count as work
PASSIVE = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
Step = Callable[[], dict[str, float]]
HEAD = (
    "network",
    "GFLOP for 1 s of song",
    "CPU s for a segment",
    "times real time on two cores",
    "GFLOP per CPU s",
    "share of the product",
    "published code / ours",
    "peak memory, MB",
    "of published code, MB",
    "one stem / all",
    "cost, first row = 1",
)


def main() -> None:
    options = parse_options()
    if options.child:
        run_child(options.child, sized(options.networks[0], options.segment), options.folder)
        return
    write_line("| " + " | ".join(HEAD) + " |")
    write_line("|" + " --- |" * len(HEAD))
    first: float | None = None
    for name in options.networks:
        with tempfile.TemporaryDirectory() as folder:
            sized(name, options.segment).write(Path(folder), "model")
            cost = measure(name, folder, options, first)
            first = first or cost


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=[*NETWORKS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--segment", type=int, help="seconds, instead of the published length")
    parser.add_argument("--child", choices=[*CHILDREN, "work", "compile"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(name: str, folder: str, options: argparse.Namespace, first: float | None) -> float:
    """CPU seconds for a second of song."""
    published = sized(name, options.segment)
    commands = {
        child: command(child, name, folder, options.segment) for child in ("work", "compile", *CHILDREN)
    }
    work = float(subprocess.run(commands["work"], check=True, stdout=subprocess.PIPE).stdout)
    # as at later starts of an engine: compiling takes more memory, in a process of its own
    subprocess.run(commands["compile"], check=True)
    children = {child: Child(commands[child], PASSIVE) for child in CHILDREN}
    taken = [{child: one.step() for child, one in children.items()} for _ in range(options.rounds)]
    for one in children.values():
        one.close()
    ours = [found["openvino"]["cpu"] for found in taken]
    rates = [work / one for one in ours]
    shares = [rate / found["product"]["rate"] for rate, found in zip(rates, taken, strict=True)]
    theirs = [found["published"]["cpu"] / found["openvino"]["cpu"] for found in taken]
    alone = [found["openvino"]["alone"] / found["openvino"]["cpu"] for found in taken]
    fresh = published.seconds * (1 - published.overlap)
    cost = median(ours) / fresh
    row = (
        published.title,
        f"{work / fresh:.0f}",
        spread(ours, 1),
        f"{CORES / cost:.2f}",
        f"{median(rates):.0f}",
        spread(shares),
        f"{spread(theirs)}",
        f"{taken[-1]['openvino']['peak_mb']:.0f}",
        f"{taken[-1]['published']['peak_mb']:.0f}",
        f"{spread(alone)}" if len(published.sources) > 1 else "",
        f"{cost / (first or cost):.1f}",
    )
    write_line("| " + " | ".join(row) + " |")
    return cost


def command(child: str, name: str, folder: str, segment: int | None) -> list[str]:
    module = [sys.executable, "-W", "ignore", "-m", "bench.published_speed"]
    length = ["--segment", str(segment)] if segment else []
    return [*module, "--child", child, "--networks", name, "--folder", folder, *length]


def run_child(child: str, published: Published, folder: Path) -> None:
    if child == "work":
        write_line(str(count_work(published)))
        return
    if child == "compile":
        load_openvino(folder).close()
        return
    # of Python and its modules, which are not those of an engine
    before = peak_memory()
    step = {"product": product, "published": of_published, "openvino": of_openvino}[child](published, folder)
    for _ in sys.stdin:
        write_line(json.dumps({**step(), "peak_mb": peak_memory() - before}))


def count_work(published: Published) -> float:
    """GFLOP of the published code for a segment."""
    # Demucs looks at its samples
    device = "cpu" if published.kind == "htdemucs" else "meta"
    module = published.module().to(device)
    # only this kind of attention is counted
    counter, plain = FlopCounterMode(display=False), sdpa_kernel(SDPBackend.MATH)
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.device(device), torch.inference_mode(), plain, counter:
        module(torch.zeros(1, 2, published.samples))
    return float(counter.get_total_flops()) / 1e9


def product(_published: Published, _folder: Path) -> Step:
    """The faster of torch's and OpenVINO's: GFLOP per CPU second of one product of large matrices."""
    left, right = (np.random.default_rng(0).random((PRODUCT_SIZE,) * 2, np.float32) for _ in range(2))
    value = opset.parameter([PRODUCT_SIZE] * 2, np.float32)
    node = opset.result(opset.matmul(value, opset.constant(right), False, True))
    options = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    request = ov.Core().compile_model(ov.Model([node], [value]), "CPU", options).create_infer_request()
    tensors = torch.from_numpy(left), torch.from_numpy(right)

    def step() -> dict[str, float]:
        best = min(
            cpu_seconds(lambda: torch.matmul(*tensors)),
            cpu_seconds(lambda: request.infer([left], share_inputs=True)),
        )
        return {"rate": 2 * PRODUCT_SIZE**3 / best / 1e9}

    return step


def of_published(published: Published, _folder: Path) -> Step:
    module, mix = published.module(), torch.from_numpy(song(published.samples))[None]

    def step() -> dict[str, float]:
        with torch.inference_mode():
            return {"cpu": cpu_seconds(lambda: module(mix))}

    return step


def of_openvino(published: Published, folder: Path) -> Step:
    network, mixes = load_openvino(folder), song(published.samples)[np.newaxis]
    every = range(len(published.sources))

    def step() -> dict[str, float]:
        return {
            "cpu": cpu_seconds(lambda: network.start(mixes, every)),
            "alone": cpu_seconds(lambda: network.start(mixes, [0])) if len(every) > 1 else 0.0,
        }

    return step


def load_openvino(folder: Path) -> Network:
    backend = OpenvinoBackend(BackendSettings("cpu", "fp32", folder / "cache"))
    return read_folder(folder / "model", "model").read_weights(0).load(backend)


def peak_memory() -> float:
    """Of this process, in MB. `getrusage` would also count what the parent had when it started this one."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def cpu_seconds(function: Callable[[], object]) -> float:
    began = time.process_time()
    function()
    return time.process_time() - began


if __name__ == "__main__":
    main()
