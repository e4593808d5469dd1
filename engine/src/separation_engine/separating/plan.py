"""Which segments a separation runs, in which order, and how far the song is finished after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Segment:
    """One chunk of the song for one network.

    network: index of the sub-model. start: its song position. samples: its length, shorter at the song's end.
    origin: song position where the segments of its pass begin, below 0 for a shifted pass.
    """

    network: int
    origin: int
    start: int
    samples: int

    @property
    def end(self) -> int:
        return self.start + self.samples


@dataclass(frozen=True)
class Plan:
    """The segments of one separation, in the order in which they run.

    finished: for each segment, how many samples of the song are final once it and all before it are done.
    span: samples that the accumulator must hold.
    total_samples: network samples to do, over all sub-models and shifts.
    """

    song_samples: int
    segment_samples: int
    stride: int
    passes: int
    segments: tuple[Segment, ...]
    finished: tuple[int, ...]
    span: int
    total_samples: int


def make_plan(
    *,
    song_samples: int,
    segment_samples: int,
    sample_rate: int,
    networks: Sequence[int],
    overlap: float,
    shifts: int,
    run: int = 1,
) -> Plan:
    """Plan the same segments that `demucs.apply.apply_model(split=True)` runs.

    networks: indices of the sub-models that are needed.
    overlap: share of a segment that it has in common with the next, 0 to 0.9.
    shifts: 0 for one pass over the song, n for the mean of n shifted passes.
    run: neighbouring segments of one pass that follow each other, so that they can share a batch.
    """
    # truncated exactly as stock does
    stride = int((1 - overlap) * segment_samples)
    origins = _pass_origins(shifts, sample_rate)
    keyed = [
        ((index // run, network, origin, index), Segment(network, origin, start, min(segment_samples, left)))
        for network in networks
        for origin in origins
        for index, start in enumerate(range(origin, song_samples, stride))
        if (left := song_samples - start) > 0 and start + segment_samples > 0
    ]
    segments = tuple(segment for _, segment in sorted(keyed, key=lambda item: item[0]))
    later_starts = [*(max(segment.start, 0) for segment in segments[1:]), song_samples]
    finished = tuple(accumulate(reversed(later_starts), min))[::-1]
    before = (0, *finished)
    span = max((segment.end - done for segment, done in zip(segments, before, strict=False)), default=0)
    return Plan(
        song_samples=song_samples,
        segment_samples=segment_samples,
        stride=stride,
        passes=len(origins),
        segments=segments,
        finished=finished,
        span=span,
        total_samples=sum(segment.samples for segment in segments),
    )


def _pass_origins(shifts: int, sample_rate: int) -> list[int]:
    """Song positions where the passes begin.

    Stock draws the offset of each shifted pass at random between 0 and half a second; here they are spread
    evenly over that range, so that two runs are equal.
    """
    if not shifts:
        return [0]
    longest = sample_rate // 2
    return [(2 * index + 1) * longest // (2 * shifts) - longest for index in range(shifts)]
