"""Runs compiled models, one inference at a time in the whole process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

from separation_engine.backends.openvino.memory_mapped_model import MemoryMappedModel
from separation_engine.backends.openvino.runtime import Request
from separation_engine.common.wav import Samples


class Releasable(Protocol):
    """Holds working memory that it can allocate again later."""

    def release_memory(self) -> None: ...


class InferenceLock:
    """Shared by all networks of a process.

    Two concurrent requests have produced wrong audio for the life of a process, without any error. The last
    network frees its working memory when another one runs: 230 MB for a full-size network, more than its
    weights. Allocating it again costs 1 % of an inference.
    """

    def __init__(self) -> None:
        self._running = Lock()
        self._last: Releasable | None = None

    @contextmanager
    def hold(self, network: Releasable) -> Iterator[None]:
        """Wait for other inferences; free the previous network's memory if it is not this one."""
        with self._running:
            if self._last is not None and self._last is not network:
                self._last.release_memory()
            self._last = network
            yield

    def forget(self, network: Releasable) -> None:
        """Drop the reference to a network that is being closed."""
        with self._running:
            if self._last is network:
                self._last = None


_LOCK = InferenceLock()


class Inference:
    """Owns one infer request, and frees it while another model runs."""

    def __init__(self, compiled: MemoryMappedModel) -> None:
        self._compiled = compiled
        self._request: Request | None = None
        self._ran = False

    @contextmanager
    def run(self, inputs: Sequence[Samples]) -> Iterator[list[Samples]]:
        """The outputs in order. They share the request's memory, so use them inside the `with` only."""
        with _LOCK.hold(self):
            if self._request is None:
                self._request = self._compiled.model.create_infer_request()
            yield [*self._request.infer([*inputs], share_inputs=True, share_outputs=True).values()]
        if not self._ran:
            self._compiled.drop_pages()
            self._ran = True

    def release_memory(self) -> None:
        """Free the request, its outputs and the intermediate tensors."""
        self._request = None
        self._compiled.model.release_memory()

    def close(self) -> None:
        _LOCK.forget(self)
        # in this order: the request reads from the compiled model
        del self._request
        del self._compiled
