"""Who may run: one request at a time, with the working memory of one network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol


class Resting(Protocol):
    """What has working memory that it can do without until its next turn."""

    def rest(self) -> None:
        """Give the working memory back."""
        ...


class Turns:
    """Shared by all networks of a process.

    Two requests at once have given wrong audio, without any error and for the life of the process. What a
    full-size network computes in is 230 MB, more than its weights; taking it anew costs a hundredth of a
    turn.
    """

    def __init__(self) -> None:
        self._running = Lock()
        self._latest: Resting | None = None

    @contextmanager
    def take(self, network: Resting) -> Iterator[None]:
        """Wait for the others; the one that had the latest turn rests if it is another."""
        with self._running:
            if self._latest is not None and self._latest is not network:
                self._latest.rest()
            self._latest = network
            yield

    def leave(self, network: Resting) -> None:
        """It is not used again."""
        with self._running:
            if self._latest is network:
                self._latest = None
