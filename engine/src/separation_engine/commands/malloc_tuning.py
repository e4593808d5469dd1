"""Settings of the C library's allocator, worth a third of torch's time on a CPU."""

from __future__ import annotations

import os
import platform
import sys

_LARGEST = 2**32 - 1
_TUNABLES = (
    f"glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold={_LARGEST}:glibc.malloc.trim_threshold={_LARGEST}"
)


def restart_with_tuned_allocator() -> None:
    """Start this process again with the settings, which are read only at a start; return where they are."""
    if platform.libc_ver()[0] != "glibc" or os.environ.get("GLIBC_TUNABLES"):
        return
    sys.stderr.flush()
    # threads that spin while they wait take the processors from the encoders beside them
    tuned = {"OMP_WAIT_POLICY": "passive", **os.environ, "GLIBC_TUNABLES": _TUNABLES}
    os.execve(sys.executable, sys.orig_argv, tuned)
