"""What the GPU's driver, and the kernel, say about a piece of work."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

_ASK = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]


@dataclass(frozen=True)
class Run:
    """seconds: wall time. cpu_seconds: of all processes. busy: GPU utilization in percent. memory: peak of
    the GPU's memory in MiB. The last two are NaN without a GPU.
    """

    seconds: float
    cpu_seconds: float
    busy: float
    memory: float


def watched(work: Callable[[], None], device: str, pid: int | None) -> Run:
    """Query the driver five times a second while the work runs.

    pid: the process that does it; None if it does it in children of its own.
    """
    cpu_before, began = _cpu_seconds(pid), time.perf_counter()
    if device != "cuda":
        work()
        return Run(time.perf_counter() - began, _cpu_seconds(pid) - cpu_before, float("nan"), float("nan"))
    with subprocess.Popen([*_ASK, *_which(), "-lms", "200"], stdout=subprocess.PIPE, text=True) as driver:
        try:
            work()
        finally:
            seconds = time.perf_counter() - began
            driver.terminate()
        # the driver may have been stopped in the middle of its last line, or before its first one
        samples = [_numbers(line) for line in driver.stdout or () if line.endswith("\n")]
    busy, memory = zip(*(samples or [(float("nan"), float("nan"))]), strict=True)
    return Run(seconds, _cpu_seconds(pid) - cpu_before, mean(busy), max(memory))


def used_mib() -> float:
    """GPU memory in use, by anybody."""
    told = subprocess.run([*_ASK, *_which()], stdout=subprocess.PIPE, text=True, check=True).stdout
    return _numbers(told)[1]


def _numbers(line: str) -> tuple[float, float]:
    """Utilization and memory. NaN for [N/A], as a part of a GPU has it."""
    busy, memory = (float("nan") if "N/A" in text else float(text) for text in line.split(","))
    return busy, memory


def _which() -> list[str]:
    """The GPU that an engine takes."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    return ["-i", first]


def _cpu_seconds(pid: int | None) -> float:
    """CPU time of a process, or of this one's children that have ended."""
    if pid is None:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    # the second field, the name, may hold spaces
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
