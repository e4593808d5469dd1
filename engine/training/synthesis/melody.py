"""Sung melodies: two-bar phrases that follow the chords and leave time to breathe."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.synthesis.signals import Random
from training.synthesis.song import Bar, Song

VOWELS = "aeiou"
# "" is a soft onset
CONSONANTS = ("", "", "", "s", "f", "t", "t")

RHYTHMS = (
    (0.5, 0.5, 1.0, 1.0, 0.5, 0.5, 2.0),
    (1.0, 1.0, 0.5, 0.5, 1.0, 2.5),
    (1.5, 0.5, 1.0, 1.0, 3.0),
    (0.5, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5, 1.0, 1.5),
    (2.0, 2.0, 1.0, 2.0),
    (0.75, 0.75, 0.5, 0.75, 0.75, 0.5, 2.5),
)


@dataclass(frozen=True)
class Syllable:
    """One sung note. beat: counted from the start of its phrase."""

    beat: float
    beats: float
    degree: int
    note: float
    vowel: str
    vowel_end: str
    consonant: str


def phrases_of(song: Song, center: float) -> Iterator[tuple[float, float, list[Syllable]]]:
    """The phrases of a song as (start beat, energy, syllables), around the MIDI note `center`."""
    bars = list(song.bars_with("vocals"))
    for bar in bars:
        if bar.index % 2 == 0:
            following = next((other for other in bars if other.start_beat == bar.start_beat + 4.0), bar)
            # every second phrase answers the previous one with its own melody
            motif = str(bar.index // 2 % 2)
            random = song.random("melody", bar.section.label, motif)
            has_room = following is not bar and following.section is bar.section
            yield (
                bar.start_beat,
                bar.section.energy,
                _phrase(song, random, center, bar, following if has_room else bar, 8.0 if has_room else 4.0),
            )


def _phrase(
    song: Song, random: Random, center: float, first: Bar, second: Bar, beats_available: float
) -> list[Syllable]:
    syllables: list[Syllable] = []
    beat = 0.0
    degree = first.degree + 2 * int(random.integers(3))
    note = song.note(degree, center)
    for beats in RHYTHMS[random.integers(len(RHYTHMS))]:
        if beat + beats > beats_available:
            break
        chord_degree = first.degree if beat < 4.0 else second.degree
        if beat % 2.0 == 0.0:
            degree = _nearest_chord_tone(song, chord_degree, note, center)
        note = song.note(degree, 0.7 * note + 0.3 * center)
        syllables.append(
            Syllable(
                beat=beat,
                beats=beats * random.uniform(0.88, 0.98),
                degree=degree,
                note=note,
                vowel=VOWELS[random.integers(5)],
                vowel_end=VOWELS[random.integers(5)],
                consonant=CONSONANTS[random.integers(len(CONSONANTS))],
            )
        )
        degree += int(random.choice([-2, -1, -1, 0, 1, 1, 2]))
        beat += beats
    return syllables


def _nearest_chord_tone(song: Song, chord_degree: int, note: float, center: float) -> int:
    """The chord's degree closest to the last note, pulled towards the center."""
    target = 0.7 * note + 0.3 * center
    degrees = [chord_degree + 2 * step for step in range(3)]
    return min(degrees, key=lambda degree: float(np.abs(song.note(degree, target) - target)))
