"""Copies between host and device that never block, and torch's errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch

from separation_engine.common.errors import DeviceLostError, OutOfMemoryError
from separation_engine.common.wav import Samples
from separation_engine.networks.interface import PendingSamples

# messages of errors without a class of their own: of the host, and of the CUDA libraries
_OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "out of memory", "_alloc_failed")


def to_device(samples: Samples, device: torch.device) -> torch.Tensor:
    """Copy by way of pinned memory, which the device reads by itself."""
    host = torch.empty(samples.shape, pin_memory=device.type == "cuda")
    host.numpy()[...] = samples
    return host.to(device, non_blocking=True)


def to_host(samples: torch.Tensor) -> PendingSamples:
    """Start a copy into pinned memory, queued behind the work that computes the samples."""
    if samples.device.type == "cpu":
        return cast("PendingSamples", samples.numpy)
    host = torch.empty(samples.shape, pin_memory=True)
    host.copy_(samples, non_blocking=True)
    # a blocking event: spinning threads would take CPU time from the encoders
    arrived = cast("Any", torch.cuda.Event)(blocking=True)
    arrived.record()

    def wait() -> Samples:
        with translated_errors("out of memory while copying from the device"):
            arrived.synchronize()
        return cast("Samples", host.numpy())

    return wait


@contextmanager
def translated_errors(message: str) -> Iterator[None]:
    """Raises OutOfMemoryError if an allocation of torch fails, DeviceLostError if CUDA itself has failed."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise OutOfMemoryError(message) from error
    except RuntimeError as error:
        if any(words in str(error).lower() for words in _OUT_OF_MEMORY):
            raise OutOfMemoryError(message) from error
        if isinstance(error, torch.AcceleratorError):
            raise DeviceLostError(f"the device failed: {error}") from error
        raise
