"""Plans the segments of a separation: their order, and which samples are final after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from separation_engine.networks.cutting import TRIANGLES, Cutting


@dataclass(frozen=True)
class Segment:
    """One chunk of the song for one network.

    network: index of the sub-model. start: position in the song. samples: shorter at the song's end.
    origin: where the first segment of its pass starts; negative for a shifted pass.
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
    """The segments of one separation, in execution order.

    finished: after each segment, how many samples of the song are final.
    span: samples that the accumulator must hold.
    border: samples that precede and follow the song, reflected from it.
    total_samples: network samples over all sub-models and shifts.
    """

    song_samples: int
    segment_samples: int
    stride: int
    border: int
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
    cutting: Cutting = TRIANGLES,
    run: int = 1,
) -> Plan:
    """Plan the segments that the networks' own code runs: Demucs' `apply_model(split=True)`, for example.

    networks: indices of the needed sub-models.
    overlap: fraction of a segment that the next one covers too, 0 to 0.9.
    shifts: 0 for one pass over the song, n for the mean of n shifted passes.
    run: how many consecutive segments of a pass stay together, to share a batch.
    """
    # truncated exactly like Demucs
    stride = int((1 - overlap) * segment_samples)
    border = cutting.border(song_samples, segment_samples, stride)
    origins = [origin - border for origin in _pass_origins(shifts, sample_rate)]
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
        border=border,
        passes=len(origins),
        segments=segments,
        finished=finished,
        span=span,
        total_samples=sum(segment.samples for segment in segments),
    )


def _pass_origins(shifts: int, sample_rate: int) -> list[int]:
    """Song positions where the passes begin.

    Demucs draws the offset of each shifted pass at random from 0 to 0.5 s. We spread the offsets evenly over
    that range, which makes runs reproducible.
    """
    if not shifts:
        return [0]
    longest = sample_rate // 2
    return [(2 * index + 1) * longest // (2 * shifts) - longest for index in range(shifts)]
