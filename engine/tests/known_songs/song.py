"""A song that also knows its feel, tuning, lead-in and drift of tempo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.synthesis import SAMPLE_RATE, Song
from training.synthesis.signals import Curve
from training.synthesis.song import BEATS_IN_BAR

FEELS = ("straight", "swung", "half-time")


@dataclass(frozen=True)
class KnownSong(Song):
    """A song with its truth.

    Attributes:
        feel: one of FEELS. A half-time song has its backbeat on the third beat.
        steps: the scale; `scale` says only major or minor.
        tuning: cents above A4 = 440 Hz.
        lead_in: seconds of silence before the first bar.
        drift: how far beats move from a steady grid, in beats; a slow sine.
        late: how late the second of each pair of steps is played, in beats. See `swung_step`.
        swung_step: steps per beat of the pairs: 2 for eighth notes, 4 for sixteenths.
        looseness: most that a stroke is late, in seconds.
    """

    feel: str = "straight"
    steps: tuple[int, ...] = ()
    tuning: float = 0.0
    lead_in: float = 0.0
    drift: float = 0.0
    late: float = 0.0
    swung_step: int = 2
    looseness: float = 0.0

    def note(self, degree: int, near: float) -> float:
        pitch_class = self.tonic + self.steps[degree % len(self.steps)]
        return float(pitch_class + 12 * np.round((near - pitch_class) / 12.0) + self.tuning / 100)

    def sample_at(self, beat: float) -> int:
        moved = beat + self.drift * np.sin(2 * np.pi * beat / 64)
        return round(float(self.lead_in + moved * 60.0 / self.tempo) * SAMPLE_RATE)

    def swung(self, beat: float) -> float:
        """Where a beat of the score is played."""
        step = round(beat * self.swung_step)
        on_pair = abs(step - beat * self.swung_step) < 1e-6
        return beat + (self.late if on_pair and step % 2 else 0.0)

    @property
    def beats(self) -> Curve:
        """Seconds of every beat from the first bar with drums to the last one."""
        bars = [bar.start_beat for bar in self.bars_with("drums")]
        first, last = min(bars), max(bars) + BEATS_IN_BAR
        return self._seconds(np.arange(first, last))

    @property
    def downbeats(self) -> Curve:
        """Every fourth of the beats."""
        return self.beats[::BEATS_IN_BAR]

    def _seconds(self, beats: Sequence[float] | Curve) -> Curve:
        seconds: Curve = np.array([self.sample_at(float(beat)) for beat in beats]) / SAMPLE_RATE
        return seconds
