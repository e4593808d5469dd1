"""Bass: one voice with one tone per song, in patterns that follow the chords."""

from collections.abc import Callable

import numpy as np

from training.synthesis.signals import (
    Audio,
    Curve,
    envelope,
    phase_of,
    pitch_of,
    place,
    play,
    samples_of,
    wavetable,
)
from training.synthesis.song import Song

LOWEST_CENTER, HIGHEST_CENTER = 33.0, 41.0

# (beat, beats, chord step): step 0 is the root, 1 the third, 2 the fifth, 7 the octave
PATTERNS: tuple[tuple[tuple[float, float, int], ...], ...] = (
    tuple((beat / 2, 0.5, 0) for beat in range(8)),
    ((0, 4, 0),),
    ((0, 1.5, 0), (1.5, 0.5, 0), (2, 1, 2), (3, 1, 0)),
    ((0, 1, 0), (1, 1, 1), (2, 1, 2), (3, 1, 1)),
    ((0, 0.75, 0), (0.75, 0.75, 0), (1.5, 1, 7), (2.5, 0.5, 0), (3, 1, 2)),
    ((0.5, 0.5, 0), (1.5, 0.5, 0), (2.5, 0.5, 0), (3.5, 0.5, 0)),
    ((0, 0.5, 0), (0.5, 0.5, 7), (1, 0.5, 0), (1.5, 0.5, 7), (2, 1, 0), (3, 0.5, 2), (3.5, 0.5, 7)),
)


def _harmonics(slope: float, only_odd: bool) -> Callable[[Curve], Curve]:
    def amplitude_at(numbers: Curve) -> Curve:
        amplitudes: Curve = numbers**-slope
        return amplitudes * (numbers % 2 if only_odd else 1.0)

    return amplitude_at


def render_bass(song: Song, stage: Audio) -> None:
    """Add the bass line of every bar to a stereo stage (2, samples)."""
    tone = song.random("bass")
    only_odd = bool(tone.random() < 0.25)
    bright_slope = tone.uniform(1.3, 2.1)
    dark_slope = bright_slope + tone.uniform(0.6, 1.6)
    center = tone.uniform(LOWEST_CENTER, HIGHEST_CENTER)
    decay, sustain = tone.uniform(0.15, 0.8), tone.uniform(0.2, 0.9)
    pan = tone.uniform(-0.1, 0.1)
    bright = wavetable(_harmonics(bright_slope, only_odd), 220.0)
    dark = wavetable(_harmonics(dark_slope, only_odd), 220.0)
    for bar in song.bars_with("bass"):
        random = song.random("bassline", bar.section.label)
        pattern = PATTERNS[random.integers(len(PATTERNS))]
        if bar.section.energy < 0.3:
            pattern = PATTERNS[1]
        root = song.note(bar.degree, center)
        for beat, beats, step in pattern:
            note = root + 12 if step == 7 else song.note(bar.degree + 2 * step, root + 3)
            length = samples_of(song.seconds_of(beats) * random.uniform(0.8, 1.0))
            phase = phase_of(np.full(length, pitch_of(note)), random.random())
            opening = envelope(length, 0.002, 0.12, 0.15, 0.02)
            dull = play(dark, phase)
            sound = dull + (play(bright, phase) - dull) * opening
            sound *= envelope(length, 0.006, decay, sustain, 0.03)
            gain = random.uniform(0.8, 1.0) * (0.7 + 0.3 * bar.section.energy)
            place(stage, song.sample_at(bar.start_beat + beat), sound, gain, pan)
