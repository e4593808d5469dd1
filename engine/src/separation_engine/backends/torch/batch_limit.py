"""How many segments fit into one forward."""

from __future__ import annotations

import logging
from collections.abc import Callable

_LOG = logging.getLogger(__name__)
# full batches between two looks at the free memory: some seconds on an H200
_PATIENCE = 32
# what did not fit needs at least this much more than was free, or it would fail again and again
_MARGIN = 1.25


class BatchLimit:
    """Halves when a batch does not fit, and grows back once enough memory is free.

    most: segments that fill the device. segment_bytes: memory that a segment takes. A failed batch may show
    that it takes more; that fades, as the failure may have had another cause. spare_bytes: memory that the
    device has left for a batch.
    """

    def __init__(self, most: int, segment_bytes: float, spare_bytes: Callable[[], int]) -> None:
        self.most = max(1, most)
        self._expected_bytes = self._segment_bytes = segment_bytes
        self._spare_bytes = spare_bytes
        self._full_batches = 0
        self.size = max(1, min(self.most, self._fitting()))

    def shrink(self, failed: int) -> None:
        """Call after a batch of `failed` segments did not fit, once its memory is free."""
        self._segment_bytes = max(self._segment_bytes, _MARGIN * self._spare_bytes() / failed)
        self._full_batches = 0
        self.size = max(1, min(self.size, failed) // 2)
        _LOG.warning("a batch of %d does not fit on the device: %d at most for now", failed, self.size)

    def passed(self, segments: int) -> bool:
        """Call after each batch that fit. Returns whether it has just grown back to the most."""
        if segments < self.size or self.size == self.most:
            return False
        self._full_batches += 1
        if self._full_batches % _PATIENCE:
            return False
        larger = min(self.most, 2 * self.size, self._fitting())
        if larger > self.size:
            self.size = larger
            _LOG.info("the device has memory for batches of %d again", larger)
        else:
            self._segment_bytes = max(self._expected_bytes, self._segment_bytes / _MARGIN)
        return self.size == self.most

    def _fitting(self) -> int:
        return int(self._spare_bytes() // self._segment_bytes)
