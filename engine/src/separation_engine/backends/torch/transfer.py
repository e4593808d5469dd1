"""Copies between host and device that never block, and torch's errors as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, cast

import torch
from numpy.typing import NDArray

from separation_engine.common.errors import DeviceLostError, OutOfMemoryError

# messages of errors without a class of their own: of the host, and of the CUDA libraries
_OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "out of memory", "_alloc_failed")


def host_memory(
    shape: Sequence[int], device: torch.device, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Memory of the host for copies from and to the device: pinned for a GPU, which then copies by itself."""
    return torch.empty(tuple(shape), dtype=dtype, pin_memory=device.type == "cuda")


def to_device(samples: NDArray[Any], device: torch.device) -> torch.Tensor:
    """Copy by way of pinned memory, which the device reads by itself. On a CPU, it may share the array."""
    # torch has no read-only tensors
    host = torch.from_numpy(samples if samples.flags.writeable else samples.copy())
    if device.type == "cpu":
        return host
    return host_memory(host.shape, device, host.dtype).copy_(host).to(device, non_blocking=True)


def to_host(samples: torch.Tensor) -> Callable[[], NDArray[Any]]:
    """Start a copy into pinned memory as soon as the samples are computed, beside later computations."""
    if samples.device.type == "cpu":
        return samples.numpy
    stream = _stream(samples.device, "down")
    stream.wait_stream(torch.cuda.current_stream(samples.device))
    with torch.cuda.stream(stream):
        copied = _start_copy(samples)
    # keeps their memory until they are copied
    samples.record_stream(stream)
    return copied


def read_values(values: torch.Tensor) -> NDArray[Any]:
    """Wait for what the current stream computes, and for no other."""
    return values.numpy() if values.device.type == "cpu" else _start_copy(values)()


def _start_copy(samples: torch.Tensor) -> Callable[[], NDArray[Any]]:
    host = host_memory(samples.shape, samples.device, samples.dtype)
    host.copy_(samples, non_blocking=True)
    arrived = reached(samples.device)

    def wait() -> NDArray[Any]:
        with translated_errors("out of memory while copying from the device"):
            arrived()
        return host.numpy()

    return wait


def reached(device: torch.device) -> Callable[[], None]:
    """Returns what waits until the current stream has done all that it has got so far."""
    if device.type == "cpu":
        return lambda: None
    # a blocking event: spinning threads would take CPU time from the encoders
    event = cast("Any", torch.cuda.Event)(blocking=True)
    event.record()
    return cast("Callable[[], None]", event.synchronize)


@contextmanager
def uploading(device: torch.device) -> Iterator[Callable[[torch.Tensor], None]]:
    """Copies and computes beside what runs on the device. Later computations there wait for it.

    Yields a function for tensors that they use: it keeps their memory until then.
    """
    if device.type == "cpu":
        yield lambda _: None
        return
    computing, stream = torch.cuda.current_stream(device), _stream(device, "up")
    with torch.cuda.stream(stream):
        yield lambda samples: cast("Any", samples).record_stream(computing)
    computing.wait_stream(stream)


@cache
def _stream(device: torch.device, _: Literal["up", "down"]) -> torch.cuda.Stream:
    """One for each direction: the allocator keeps memory for each stream."""
    return cast("torch.cuda.Stream", cast("Any", torch.cuda.Stream)(device))


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
