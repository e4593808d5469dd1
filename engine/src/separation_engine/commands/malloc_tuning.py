"""Tunes glibc's malloc, which saves a third of torch's time on a CPU."""

from __future__ import annotations

import os
import platform
import sys

_LARGEST = 2**32 - 1
_TUNABLES = (
    f"glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold={_LARGEST}:glibc.malloc.trim_threshold={_LARGEST}"
)


def restart_with_tuned_malloc() -> None:
    """Restart this process with the tunables, which glibc reads only at startup. Returns if they are set."""
    if platform.libc_ver()[0] != "glibc" or os.environ.get("GLIBC_TUNABLES"):
        return
    sys.stderr.flush()
    # spinning OpenMP threads would take CPU time from the encoders
    tuned = {"OMP_WAIT_POLICY": "passive", **os.environ, "GLIBC_TUNABLES": _TUNABLES}
    os.execve(sys.executable, sys.orig_argv, tuned)
