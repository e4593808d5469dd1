"""How CUDA multiplies: in float32 or in TF32, and always so that the same input gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def products(*, tf32: bool) -> Iterator[None]:
    """For what is started inside. These are settings of the whole process: for one thread at a time."""
    of_matrices = torch.backends.cuda.matmul
    before = of_matrices.allow_tf32
    try:
        of_matrices.allow_tf32 = tf32
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=tf32):
            yield
    finally:
        of_matrices.allow_tf32 = before
