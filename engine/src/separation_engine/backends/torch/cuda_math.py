"""How CUDA multiplies: in float32 or TF32, and always deterministically."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def cuda_math(*, tf32: bool) -> Iterator[None]:
    """Applies to work started inside. Sets process-wide flags: use it on one thread at a time."""
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    try:
        matmul.allow_tf32 = tf32
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=tf32):
            yield
    finally:
        matmul.allow_tf32 = before
