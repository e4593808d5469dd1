"""Stems as they go into their files, with their measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from separation_engine.common.wav import Samples


@dataclass(frozen=True)
class Output:
    """One stem to write: the made stem at this index, or with `complement` the song without it."""

    made: int
    complement: bool = False


@dataclass(frozen=True)
class StemBlock:
    """A stretch of all stems to write.

    frames: (stems, samples, channels=2). peaks: largest absolute sample of each stem, (stems,); not finite if
    one of its samples is not. mix_energy, rest_energy: sums of the squares of the song, and of the song minus
    all made stems.
    """

    frames: Samples
    peaks: Sequence[float]
    mix_energy: float
    rest_energy: float


# waits for blocks on their way from the device, in song order
PendingBlocks = Callable[[], Iterable[StemBlock]]


def make_stem_block(mix: Samples, made: Samples, outputs: Sequence[Output]) -> StemBlock:
    """mix: (channels=2, samples). made: (made stems, channels=2, samples)."""
    frames = np.empty((len(outputs), mix.shape[1], 2), np.float32)
    peaks: list[float] = []
    for output, frame in zip(outputs, frames, strict=True):
        stem = mix - made[output.made] if output.complement else made[output.made]
        # two reductions cost less than the absolute values; both keep NaN
        peaks.append(max(abs(float(stem.max(initial=0.0))), abs(float(stem.min(initial=0.0)))))
        # channel by channel: copying the transposed block takes four times as long
        frame[:, 0], frame[:, 1] = stem
    rest = mix.copy()
    for stem in made:
        rest -= stem
    return StemBlock(frames, peaks, _energy(mix), _energy(rest))


def _energy(block: Samples) -> float:
    # not the BLAS: its threads cost more than they bring
    return float(np.einsum("cs,cs->", block, block))
