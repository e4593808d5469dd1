"""What this machine has: processors that may be used, CUDA devices, memory in use."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import sys
from importlib.util import find_spec
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")
_MEMORY_PAGES = Path("/proc/self/statm")
_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def cpu_limit() -> int:
    """Processors that this process may use, at least 1: its affinity, or less by the container's limit."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _CPU_LIMIT.read_text("ascii").split()
    except (OSError, ValueError):
        return count
    return count if quota == "max" else max(1, min(count, round(int(quota) / int(period))))


def cpu_name() -> str:
    """The processor's own name where the system tells it."""
    try:
        lines = _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def cuda_devices() -> int:
    """CUDA devices that the driver shows, told without importing torch; 0 where there is no driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def is_installed(*modules: str) -> bool:
    """Whether all of these modules can be imported, told without importing them."""
    return all(find_spec(module) is not None for module in modules)


def memory_bytes() -> int:
    """Resident memory of this process; where the system tells only its peak, the peak."""
    try:
        return int(_MEMORY_PAGES.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
