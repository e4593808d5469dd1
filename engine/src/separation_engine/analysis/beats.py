"""Beat tracking by dynamic programming: Ellis, Beat Tracking by Dynamic Programming (2007)."""

from __future__ import annotations

import numpy as np

from separation_engine.analysis.frames import SAMPLE_RATE
from separation_engine.analysis.onsets import HOP, Curve

# how much a beat off its period costs
_TIGHTNESS = 300.0
# beats at each end need this share of the usual strength
_WEAK = 0.2
# the flux of an attack is largest after it; measured on the synthesizer's drums
_LATE_SECONDS = 0.006
# beats on each side that place a beat
_NEIGHBORS = 4
# beats that are measured together, and how far such a stretch may be off the median
_SPAN = 8
_STEADY = 0.01


def track_beats(strength: Curve, period: float) -> Curve:
    """Seconds of the beats between the first and the last onset.

    strength: of onsets, (frames,), of unit power. period: in frames.
    """
    frames = _trimmed(_best_path(strength, period), strength)
    if len(frames) < 2:
        return np.zeros(0)
    seconds = _smoothed(_between_frames(frames, strength)) * HOP / SAMPLE_RATE - _LATE_SECONDS
    beats: Curve = np.clip(seconds, 0.0, len(strength) * HOP / SAMPLE_RATE)
    return beats


def seconds_of_beat(beats: Curve) -> float:
    """How long a beat is, from beats in seconds.

    Over many beats it is more exact than the period of the onsets. A break in which a beat was lost or
    invented is far off the median, and does not count.
    """
    span = min(_SPAN, len(beats) - 1)
    seconds = (beats[span:] - beats[:-span]) / span
    middle = np.median(seconds)
    return float(np.mean(seconds[np.abs(seconds / middle - 1) < _STEADY]))


def _best_path(strength: Curve, period: float) -> list[int]:
    lags = np.arange(round(period * 1.4), max(1, round(period * 0.7)) - 1, -1)
    costs = _TIGHTNESS * np.log(lags / period) ** 2
    reach, width = int(lags[0]), len(lags)
    # any frame may be the first beat: before the song, all scores are 0
    scores = np.zeros(reach + len(strength))
    before = np.zeros(len(strength), np.int64)
    for at, here in enumerate(strength):
        past = scores[at : at + width] - costs
        best = int(past.argmax())
        scores[at + reach] = here + past[best]
        before[at] = at - reach + best
    last = len(scores) - 2 * reach + int(scores[-reach:].argmax())
    path: list[int] = []
    while last >= 0:
        path.append(last)
        last = int(before[last])
    return path[::-1]


def _trimmed(path: list[int], strength: Curve) -> list[int]:
    if not path:
        return path
    near = np.array([strength[max(0, at - 3) : at + 4].max() for at in path])
    strong = np.flatnonzero(near > _WEAK * np.sqrt(np.mean(near**2)))
    return path[strong[0] : strong[-1] + 1] if len(strong) else []


def _between_frames(frames: list[int], strength: Curve) -> Curve:
    at = np.clip(np.array(frames), 1, len(strength) - 2)
    before, here, after = strength[at - 1], strength[at], strength[at + 1]
    bend = before - 2 * here + after
    is_top = (here >= before) & (here >= after) & (bend < 0)
    shift = np.where(is_top, 0.5 * (before - after) / np.where(is_top, bend, 1.0), 0.0)
    exact: Curve = at + shift
    return exact


def _smoothed(beats: Curve) -> Curve:
    """Each beat on the line through its neighbors: strokes are loose, the beat is not."""
    smooth = np.empty(len(beats))
    for at in range(len(beats)):
        first, last = max(0, at - _NEIGHBORS), min(len(beats), at + _NEIGHBORS + 1)
        numbers = np.arange(first, last) - at
        center = numbers.mean()
        spread = float(np.sum((numbers - center) ** 2))
        slope = float(np.sum((numbers - center) * beats[first:last])) / spread if spread else 0.0
        smooth[at] = beats[first:last].mean() - slope * center
    return smooth
