"""A composed song before rendering: tempo, key, sections and positions in time."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.synthesis.signals import SAMPLE_RATE, Random

STEMS = ("drums", "bass", "other", "vocals")
BEATS_IN_BAR = 4

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}


@dataclass(frozen=True)
class Section:
    """Bars that share an arrangement.

    Attributes:
        label: sections with the same label repeat the same patterns and melody.
        bars: length.
        degrees: scale degrees (0 to 6) of the chords, one per bar, repeated as needed.
        stems: the audible stems.
        energy: 0 (sparse, soft) to 1 (dense, loud).
    """

    label: str
    bars: int
    degrees: tuple[int, ...]
    stems: frozenset[str]
    energy: float


@dataclass(frozen=True)
class Bar:
    """One bar at its position in the song. index: counted within its section."""

    section: Section
    index: int
    start_beat: float
    degree: int

    @property
    def is_last(self) -> bool:
        return self.index == self.section.bars - 1


@dataclass(frozen=True)
class Song:
    """A composition. Equal songs render to the same samples."""

    seed: int
    tempo: float
    tonic: int
    scale: str
    swing: float
    sections: tuple[Section, ...]
    tail_seconds: float = 0.0

    def random(self, *purpose: str) -> Random:
        """A separate generator for each purpose, which makes the parts independent of each other."""
        words = [zlib.crc32(word.encode()) for word in purpose]
        return np.random.default_rng([self.seed, *words])

    def sample_at(self, beat: float) -> int:
        return round(beat * 60.0 / self.tempo * SAMPLE_RATE)

    def seconds_of(self, beats: float) -> float:
        return beats * 60.0 / self.tempo

    @property
    def samples(self) -> int:
        bars = sum(section.bars for section in self.sections)
        return self.sample_at(bars * BEATS_IN_BAR) + round(self.tail_seconds * SAMPLE_RATE)

    def bars_with(self, stem: str) -> Iterator[Bar]:
        """All bars in which `stem` is audible, in order."""
        beat = 0.0
        for section in self.sections:
            for index in range(section.bars):
                if stem in section.stems:
                    degree = section.degrees[index % len(section.degrees)]
                    yield Bar(section, index, beat, degree)
                beat += BEATS_IN_BAR

    def note(self, degree: int, near: float) -> float:
        """MIDI note of a scale degree (any integer), in the octave closest to `near`."""
        steps = SCALES[self.scale]
        pitch_class = self.tonic + steps[degree % len(steps)]
        return float(pitch_class + 12 * np.round((near - pitch_class) / 12.0))

    def chord(self, degree: int, near: float, size: int = 3) -> list[float]:
        """Stacked thirds on a degree, each close to `near`, in ascending order."""
        return sorted({self.note(degree + 2 * step, near) for step in range(size)})
