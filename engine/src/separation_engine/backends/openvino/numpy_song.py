"""A song in the process's memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.normalisation import BLOCK_SAMPLES, Normalisation
from separation_engine.networks.stem_block import Output, PendingBlocks, StemBlock, make_stem_block

# a block of all stems fits in the L2 cache
_BLOCK_SAMPLES = 16_384


class NumpySong:
    """The Song of networks that take NumPy arrays. Reads from the file what it needs."""

    def __init__(self, reader: WavReader, *, normalized: bool) -> None:
        self._reader = reader
        blocks = (
            reader.read_frames(first, min(BLOCK_SAMPLES, reader.samples - first))
            for first in range(0, reader.samples, BLOCK_SAMPLES)
        )
        self._normalisation = Normalisation.of(blocks, normalized=normalized)

    def mix(self, first: int, samples: int) -> Samples:
        mix = self._normalisation.apply(self._reader.read(first, samples))
        # the network sees zeros around the song
        mix[:, : max(0, -first)] = 0
        mix[:, max(0, self._reader.samples - first) :] = 0
        return mix

    def gather(self, positions: NDArray[np.int64], samples: int) -> Samples:
        lowest = int(positions.min())
        part = self._reader.read(lowest, int(positions.max()) - lowest + 1)
        mix = np.zeros((2, samples), np.float32)
        mix[:, : len(positions)] = self._normalisation.apply(part[:, positions - lowest])
        return mix

    def finish(
        self, first: int, joined: Samples, rest: int | None, outputs: Sequence[Output]
    ) -> PendingBlocks:
        def blocks() -> Iterator[StemBlock]:
            for start in range(0, joined.shape[2], _BLOCK_SAMPLES):
                made = self._normalisation.undo(joined[..., start : start + _BLOCK_SAMPLES], rest)
                yield make_stem_block(self._reader.read(first + start, made.shape[2]), made, outputs)

        return blocks
