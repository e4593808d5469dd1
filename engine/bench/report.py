"""Formats the results of this folder's benchmarks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, with the range in brackets."""
    return f"{median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def write_line(text: str) -> None:
    """Write a line to stdout at once, because a run takes minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
