"""What the engine is doing now. The worker's watchdog tells a starved engine from a hung one by it."""

from __future__ import annotations

import threading


class Activity:
    """Counts the steps of the engine's work. Safe to use from several threads.

    A step is the forward of a batch, or anything else that takes long: loading, compiling, a fingerprint.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps = 0
        self._resting = True
        self._expected: float | None = None
        self._segment: float | None = None

    def begin(self, segments: int = 0) -> None:
        """Begin a step: the forward of so many segments, or for 0 something of unknown cost."""
        with self._lock:
            self._steps += 1
            self._resting = False
            self._expected = segments * self._segment if segments and self._segment else None

    def rest(self) -> None:
        """Wait for a command."""
        with self._lock:
            self._resting = True

    def checked(self, cpu_seconds: float) -> None:
        """Learn what the segment of a self-check cost. The most expensive network counts for all."""
        with self._lock:
            self._segment = max(self._segment or 0.0, cpu_seconds)

    def now(self) -> tuple[int | None, float | None]:
        """The number of the step, None while resting, and the CPU seconds it should take, None if unknown."""
        with self._lock:
            return (None, None) if self._resting else (self._steps, self._expected)
