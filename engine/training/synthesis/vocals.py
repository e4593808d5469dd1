"""Vocals: a sung melody of vowels and consonants, from a glottal source with formants."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.synthesis.melody import Syllable, phrases_of
from training.synthesis.signals import (
    SAMPLE_RATE,
    Audio,
    Curve,
    Random,
    envelope,
    fall,
    high_pass,
    low_pass,
    phase_of,
    place,
    play,
    samples_of,
    shaped_noise,
    wavetable,
)
from training.synthesis.song import Song

# center frequencies in Hz of the first four formants of a male voice
# (Peterson and Barney, 1952; the fourth is typical)
FORMANTS = {
    "a": (730.0, 1090.0, 2440.0, 3400.0),
    "e": (530.0, 1840.0, 2480.0, 3400.0),
    "i": (270.0, 2290.0, 3010.0, 3600.0),
    "o": (570.0, 840.0, 2410.0, 3300.0),
    "u": (300.0, 870.0, 2240.0, 3300.0),
}
BANDWIDTHS = (80.0, 100.0, 130.0, 180.0)
FORMANT_GAINS = (1.0, 0.9, 0.7, 0.5)


@dataclass(frozen=True)
class Singer:
    """A voice: its range, vocal tract size and pitch movement."""

    center: float
    tract: float
    tilt: float
    breath: float
    vibrato_hz: float
    vibrato_depth: float
    glide_seconds: float


def render_vocals(song: Song, stage: Audio) -> None:
    """Add the sung phrases of the song to a stereo stage (2, samples)."""
    random = song.random("singer")
    singer = _draw_singer(random)
    has_double = random.random() < 0.3
    has_harmony = random.random() < 0.3
    pan = random.uniform(-0.1, 0.1)
    for start_beat, energy, phrase in phrases_of(song, singer.center):
        start = song.sample_at(start_beat)
        voice = song.random("voice", str(start_beat))
        gain = 0.7 + 0.3 * energy
        place(stage, start, _sing(song, singer, phrase, 0, voice), gain, pan)
        if has_double and energy > 0.5:
            late = samples_of(voice.uniform(0.01, 0.025))
            place(stage, start + late, _sing(song, singer, phrase, 0, voice), 0.4 * gain, 0.6)
        if has_harmony and energy > 0.5:
            place(stage, start, _sing(song, singer, phrase, 2, voice), 0.4 * gain, -0.6)


def _draw_singer(random: Random) -> Singer:
    return Singer(
        center=random.uniform(64, 70),
        tract=random.uniform(1.12, 1.28),
        tilt=random.uniform(0.2, 0.6),
        breath=random.uniform(0.03, 0.08),
        vibrato_hz=random.uniform(4.8, 6.6),
        vibrato_depth=random.uniform(0.15, 0.5),
        glide_seconds=random.uniform(0.03, 0.09),
    )


def _sing(song: Song, singer: Singer, phrase: list[Syllable], steps_up: int, random: Random) -> Audio:
    """One phrase, mono, `steps_up` scale steps above the melody."""
    last = phrase[-1]
    length = samples_of(song.seconds_of(last.beat + last.beats) + 0.3)
    pitch = _pitch_curve(song, singer, phrase, steps_up, length, random)
    phase = phase_of(pitch)
    breath = shaped_noise(
        random, length, lambda hertz: high_pass(hertz, 1_200.0, 2) * low_pass(hertz, 7_000.0)
    )
    sound = np.zeros(length, dtype=np.float32)
    for syllable in phrase:
        start = song.sample_at(syllable.beat)
        end = min(length, start + samples_of(song.seconds_of(syllable.beats)))
        section = slice(start, end)
        vowel = _vowel(singer, syllable, pitch[section], phase[section])
        loud = envelope(end - start, 0.03, 0.6, 0.75, 0.06)
        sound[section] += (vowel + singer.breath * breath[section]) * loud
        _add_consonant(sound, start, syllable, random)
    return sound


def _pitch_curve(
    song: Song, singer: Singer, phrase: list[Syllable], steps_up: int, length: int, random: Random
) -> Curve:
    """Hz at each sample: notes, glides, growing vibrato and drift."""
    notes = np.zeros(length)
    vibrato = np.zeros(length)
    for syllable in phrase:
        start = song.sample_at(syllable.beat)
        notes[start:] = song.note(syllable.degree + steps_up, syllable.note + 1.7 * steps_up)
        held = np.arange(length - start) / SAMPLE_RATE
        vibrato[start:] = np.clip((held - 0.15) / 0.3, 0.0, 1.0)
    glide = samples_of(singer.glide_seconds)
    padded = np.concatenate([np.full(glide, notes[0] - random.uniform(0.0, 2.0)), notes])
    total = np.cumsum(padded)
    smooth = (total[glide:] - total[:-glide]) / glide
    time = np.arange(length) / SAMPLE_RATE
    wave = np.sin(2.0 * np.pi * (singer.vibrato_hz * time + random.random()))
    knots = np.arange(0.0, time[-1] + 0.2, 0.1)
    drift = np.interp(time, knots, random.normal(0.0, 0.08, len(knots)))
    midi = smooth + singer.vibrato_depth * vibrato * wave + drift
    curve: Curve = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
    return curve


def _vowel(singer: Singer, syllable: Syllable, pitch: Curve, phase: Curve) -> Audio:
    highest = float(pitch.max())
    first = play(wavetable(_spectrum(singer, syllable.vowel, highest), highest), phase)
    second = play(wavetable(_spectrum(singer, syllable.vowel_end, highest), highest), phase)
    turn = np.clip(np.linspace(-0.8, 1.4, len(phase)), 0.0, 1.0).astype(np.float32)
    return first + (second - first) * turn


def _spectrum(singer: Singer, vowel: str, pitch: float) -> Callable[[Curve], Curve]:
    def amplitude_at(numbers: Curve) -> Curve:
        hertz = numbers * pitch
        gain = np.full_like(hertz, 0.01)
        for center, width, level in zip(FORMANTS[vowel], BANDWIDTHS, FORMANT_GAINS, strict=True):
            offset = (hertz - center * singer.tract) / (width * singer.tract)
            gain += level / (1.0 + offset**2)
        return gain * numbers**-singer.tilt

    return amplitude_at


def _add_consonant(sound: Audio, start: int, syllable: Syllable, random: Random) -> None:
    """Add a consonant around the start of a syllable, mostly before the vowel."""
    shapes = {"s": (0.09, 5_000.0, 0.22), "f": (0.08, 1_800.0, 0.12), "t": (0.03, 2_500.0, 0.4)}
    if syllable.consonant not in shapes:
        return
    seconds, corner, gain = shapes[syllable.consonant]
    length = samples_of(seconds * random.uniform(0.7, 1.3))
    noise = shaped_noise(random, length, lambda hertz: high_pass(hertz, corner, 3))
    shape = fall(length, seconds) if syllable.consonant == "t" else np.hanning(length)
    begin = max(0, start - length * 2 // 3)
    end = min(len(sound), begin + length)
    sound[begin:end] += (gain * noise * shape)[: end - begin].astype(np.float32)
