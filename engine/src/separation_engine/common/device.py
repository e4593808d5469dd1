"""Facts about this machine: usable CPUs, CUDA devices, memory in use."""

from __future__ import annotations

import ctypes
import math
import os
import platform
import resource
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

DeviceName = Literal["cpu", "cuda"]
Precision = Literal["fp32", "tf32", "fp16", "bf16"]
# faster ways for a GPU, off until they are measured
GpuTrial = Literal["graphs", "fused-norms", "channels-last"]

_CPU_INFO = Path("/proc/cpuinfo")
_MEMORY_PAGES = Path("/proc/self/statm")
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def cpu_limit() -> int:
    """CPUs this process may use, at least 1: the smaller of its affinity and its cgroup limits.

    A fractional limit is rounded to the nearest whole CPU.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, round(min(count, _cgroup_limit())))


def _cgroup_limit() -> float:
    """The strictest `cpu.max` (cgroup v2) between our own group and the root; inf if there is none."""
    try:
        lines = _OWN_CGROUP.read_text("ascii").splitlines()
    except OSError:
        lines = []
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    group = _CGROUPS / own
    return min(_limit_of(folder) for folder in (group, *group.parents) if folder.is_relative_to(_CGROUPS))


def _limit_of(cgroup: Path) -> float:
    try:
        quota, period = (cgroup / "cpu.max").read_text("ascii").split()
        return math.inf if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return math.inf


def cpu_name() -> str:
    """The CPU's model name, or its architecture where the system does not report one."""
    try:
        lines = _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def cuda_devices() -> int:
    """CUDA devices that the driver reports, without importing torch; 0 without a driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def visible_devices() -> str:
    """The CUDA devices that this process may use, as text for people."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "every CUDA device" if visible is None else f"CUDA_VISIBLE_DEVICES={visible}"


def torch_finds_cuda() -> bool:
    """Whether torch can use the driver's devices: it may be a CPU build, or need a newer driver."""
    import torch

    return torch.cuda.is_available()


def is_installed(*modules: str) -> bool:
    """Whether all these modules can be imported. Imports none of them."""
    return all(find_spec(module) is not None for module in modules)


def memory_bytes() -> int:
    """Resident memory of this process; its peak where the system reports only that."""
    try:
        return int(_MEMORY_PAGES.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
