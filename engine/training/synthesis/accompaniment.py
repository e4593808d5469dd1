"""The `other` stem: pads, keys, strummed and plucked strings, arpeggios and lead lines."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.synthesis.signals import (
    Audio,
    Curve,
    Random,
    envelope,
    phase_of,
    pitch_of,
    place,
    play,
    samples_of,
    wavetable,
)
from training.synthesis.song import Bar, Song


@dataclass(frozen=True)
class Instrument:
    """A tone that moves between a bright and a dark spectrum, with an amplitude envelope.

    Times are in seconds. detune: spread of the voices in semitones.
    """

    bright_slope: float
    dark_slope: float
    odd_only: bool
    attack: float
    decay: float
    sustain: float
    release: float
    detune: float
    voices: int
    pan: float
    gain: float

    def sound(self, note: float, seconds: float, random: Random) -> Audio:
        """One note, mono, released after `seconds`."""
        length = samples_of(seconds + self.release)
        pitch = pitch_of(note)
        bright = wavetable(self._amplitudes(self.bright_slope), pitch)
        dark = wavetable(self._amplitudes(self.dark_slope), pitch)
        opening = envelope(length, self.attack, max(self.decay / 2, 0.05), 0.2, self.release)
        total = np.zeros(length, dtype=np.float32)
        for voice in range(self.voices):
            offset = self.detune * (voice - (self.voices - 1) / 2)
            curve = np.full(length, pitch_of(note + offset))
            phase = phase_of(curve, random.random())
            dull = play(dark, phase)
            total += dull + (play(bright, phase) - dull) * opening
        total *= envelope(length, self.attack, self.decay, self.sustain, self.release)
        total /= np.float32(np.sqrt(self.voices))
        return total

    def _amplitudes(self, slope: float) -> Callable[[Curve], Curve]:
        def amplitude_at(numbers: Curve) -> Curve:
            amplitudes: Curve = numbers**-slope
            return amplitudes * (numbers % 2 + 0.05 if self.odd_only else 1.0)

        return amplitude_at


def render_other(song: Song, stage: Audio) -> None:
    """Add the accompaniment of every bar to a stereo stage (2, samples)."""
    random = song.random("band")
    styles = list(random.permutation(["pad", "keys", "strum", "arpeggio", "lead"]))
    count = int(random.integers(2, 4))
    players = {
        "pad": (_pad_instrument(random), _play_pad),
        "keys": (_keys_instrument(random), _play_keys),
        "strum": (_string_instrument(random), _play_strum),
        "arpeggio": (_pluck_instrument(random), _play_arpeggio),
        "lead": (_lead_instrument(random), _play_lead),
    }
    for bar in song.bars_with("other"):
        wanted = max(1, round(count * (0.4 + 0.6 * bar.section.energy)))
        for style in styles[:wanted]:
            instrument, play_bar = players[style]
            pattern = song.random(style, bar.section.label, str(bar.index % 2))
            play_bar(song, stage, instrument, bar, pattern)


def _note(
    song: Song, stage: Audio, tone: Instrument, note: float, beat: float, beats: float, random: Random
) -> None:
    sound = tone.sound(note, song.seconds_of(beats), random)
    place(stage, song.sample_at(beat), sound, tone.gain * random.uniform(0.8, 1.0), tone.pan)


def _play_pad(song: Song, stage: Audio, tone: Instrument, bar: Bar, random: Random) -> None:
    for note in song.chord(bar.degree, 55.0, 4):
        _note(song, stage, tone, note, bar.start_beat, 4.0, random)


def _play_keys(song: Song, stage: Audio, tone: Instrument, bar: Bar, random: Random) -> None:
    rhythms = ((0.0, 2.0), (0.0, 1.0, 2.0, 3.0), (0.5, 1.5, 2.5, 3.5), (0.0, 1.5, 3.0))
    beats = rhythms[random.integers(len(rhythms))]
    for beat, following in zip(beats, (*beats[1:], 4.0), strict=True):
        for note in song.chord(bar.degree, 57.0):
            _note(song, stage, tone, note, bar.start_beat + beat, 0.9 * (following - beat), random)


def _play_strum(song: Song, stage: Audio, tone: Instrument, bar: Bar, random: Random) -> None:
    strokes = random.random(8) < 0.65
    strokes[0] = True
    for eighth in np.flatnonzero(strokes):
        for string, note in enumerate(song.chord(bar.degree, 55.0, 4)):
            beat = bar.start_beat + eighth / 2 + 0.02 * string
            _note(song, stage, tone, note, beat, 0.8, random)


def _play_arpeggio(song: Song, stage: Audio, tone: Instrument, bar: Bar, random: Random) -> None:
    notes = song.chord(bar.degree, 57.0, 4)
    order = random.permutation(len(notes))
    steps = int(random.choice([8, 16]))
    for step in range(steps):
        note = notes[order[step % len(notes)]]
        beat = bar.start_beat + step * 4.0 / steps
        _note(song, stage, tone, note, beat, 4.0 / steps, random)


def _play_lead(song: Song, stage: Audio, tone: Instrument, bar: Bar, random: Random) -> None:
    degree = bar.degree + 2 * int(random.integers(3))
    beat = float(random.choice([0.0, 0.0, 0.5, 1.0]))
    while beat < 4.0:
        beats = float(random.choice([0.5, 0.5, 1.0, 1.5]))
        note = song.note(degree, 60.0)
        _note(song, stage, tone, note, bar.start_beat + beat, min(beats, 4.0 - beat) * 0.95, random)
        degree += int(random.choice([-2, -1, -1, 1, 1, 2]))
        beat += beats


def _instrument(
    random: Random,
    slope: tuple[float, float],
    decay: tuple[float, float],
    sustain: float,
    attack: float,
    release: float,
    voices: int,
    gain: float,
) -> Instrument:
    bright = random.uniform(*slope)
    return Instrument(
        bright_slope=bright,
        dark_slope=bright + random.uniform(0.4, 1.4),
        odd_only=bool(random.random() < 0.3),
        attack=attack,
        decay=random.uniform(*decay),
        sustain=sustain,
        release=release,
        detune=random.uniform(0.02, 0.2),
        voices=voices,
        # the singer is in the center, the band on both sides
        pan=float(random.choice([-1.0, 1.0]) * random.uniform(0.45, 0.9)),
        gain=gain * random.uniform(0.6, 1.2),
    )


def _pad_instrument(random: Random) -> Instrument:
    attack = random.uniform(0.05, 0.4)
    return _instrument(random, (2.0, 3.0), (0.5, 1.5), 0.8, attack, 0.3, 3, 0.3)


def _keys_instrument(random: Random) -> Instrument:
    return _instrument(random, (1.8, 2.8), (0.3, 1.2), 0.15, 0.004, 0.12, 1, 0.5)


def _string_instrument(random: Random) -> Instrument:
    return _instrument(random, (1.6, 2.4), (0.2, 0.7), 0.05, 0.002, 0.08, 1, 0.5)


def _pluck_instrument(random: Random) -> Instrument:
    return _instrument(random, (1.6, 2.6), (0.08, 0.4), 0.05, 0.002, 0.1, 1, 0.6)


def _lead_instrument(random: Random) -> Instrument:
    return _instrument(random, (1.6, 2.4), (0.3, 1.0), 0.7, 0.01, 0.08, 2, 0.5)
