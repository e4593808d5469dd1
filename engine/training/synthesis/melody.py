"""Melodies to sing: phrases of two bars that follow the chords and leave room to breathe."""

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
    """One sung note; `beat` counts from the start of its phrase."""

    beat: float
    beats: float
    degree: int
    note: int
    vowel: str
    vowel_end: str
    consonant: str


def phrases_of(song: Song, centre: float) -> Iterator[tuple[float, float, list[Syllable]]]:
    """The phrases of a song as (start beat, energy, syllables), around the MIDI note `centre`."""
    bars = list(song.bars_with("vocals"))
    for bar in bars:
        if bar.index % 2 == 0:
            following = next((other for other in bars if other.start_beat == bar.start_beat + 4.0), bar)
            # every second phrase answers the one before it with a melody of its own
            motif = str(bar.index // 2 % 2)
            random = song.random("melody", bar.section.label, motif)
            has_room = following is not bar and following.section is bar.section
            yield (
                bar.start_beat,
                bar.section.energy,
                _phrase(song, random, centre, bar, following if has_room else bar, 8.0 if has_room else 4.0),
            )


def _phrase(
    song: Song, random: Random, centre: float, first: Bar, second: Bar, beats_available: float
) -> list[Syllable]:
    syllables: list[Syllable] = []
    beat = 0.0
    degree = first.degree + 2 * int(random.integers(3))
    note = song.note(degree, centre)
    for beats in RHYTHMS[random.integers(len(RHYTHMS))]:
        if beat + beats > beats_available:
            break
        chord_degree = first.degree if beat < 4.0 else second.degree
        if beat % 2.0 == 0.0:
            degree = _nearest_chord_tone(song, chord_degree, note, centre)
        note = song.note(degree, 0.7 * note + 0.3 * centre)
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


def _nearest_chord_tone(song: Song, chord_degree: int, note: int, centre: float) -> int:
    """The degree of the chord that is closest to the last note, drawn towards the centre."""
    target = 0.7 * note + 0.3 * centre
    degrees = [chord_degree + 2 * step for step in range(3)]
    return min(degrees, key=lambda degree: float(np.abs(song.note(degree, target) - target)))
