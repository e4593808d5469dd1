"""Allows one inference at a time in the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol


class Releasable(Protocol):
    """Holds working memory that it can allocate again later."""

    def release_memory(self) -> None:
        """Free the working memory."""
        ...


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
