"""Drums: one synthesized kit per song, in patterns of sixteenth notes."""

from dataclasses import dataclass

import numpy as np

from training.synthesis.signals import (
    SAMPLE_RATE,
    Audio,
    Curve,
    Random,
    fall,
    high_pass,
    low_pass,
    phase_of,
    place,
    samples_of,
    shaped_noise,
)
from training.synthesis.song import Bar, Song

# sixteen steps per bar; a digit is the loudness of a stroke from 1 to 9
GROOVES = (
    {"kick": "9.......9.......", "snare": "....9.......9..."},
    {"kick": "9.....7.9.......", "snare": "....9.......9..2"},
    {"kick": "9...9...9...9...", "snare": "....8.......8..."},
    {"kick": "9..7......8.....", "snare": "....9..2.2..9..."},
    {"kick": "9.........7.....", "snare": "........9......."},
    {"kick": "9.7...7.9.7...7.", "snare": "....9.......9.3."},
    {"kick": "9..9..9.....9...", "snare": "....9..3....9..."},
)
HATS = (
    "7.5.7.5.7.5.7.5.",
    "7353735373537353",
    "..8...8...8...8.",
    "7...7...7...7...",
    "7.35.37.7.35.373",
)


@dataclass(frozen=True)
class Piece:
    """One drum: the sound of its stroke, its gain and its pan."""

    stroke: Audio
    gain: float
    pan: float


def render_drums(song: Song, stage: Audio) -> None:
    """Add the drums of every bar to a stereo stage (2, samples)."""
    kit = build_kit(song.random("kit"))
    for bar in song.bars_with("drums"):
        groove = song.random("groove", bar.section.label)
        pattern = GROOVES[groove.integers(len(GROOVES))]
        hats = HATS[groove.integers(len(HATS))]
        cymbal = "ride" if groove.random() < 0.2 else "hat"
        human = song.random("strokes", bar.section.label, str(bar.index))
        _play_steps(song, stage, kit["kick"], pattern["kick"], bar, human)
        backbeat = "clap" if groove.random() < 0.25 else "snare"
        is_fill = bar.is_last and bar.section.energy > 0.3
        steps = pattern["snare"][:12] + "...." if is_fill else pattern["snare"]
        if bar.section.energy > 0.15:
            _play_steps(song, stage, kit[backbeat], steps, bar, human)
        _play_steps(song, stage, kit[cymbal], hats, bar, human)
        if is_fill:
            _play_fill(song, stage, kit, bar, human)
        if bar.index == 0 and bar.section.energy > 0.6:
            place(stage, song.sample_at(bar.start_beat), kit["crash"].stroke, kit["crash"].gain)


def _play_steps(song: Song, stage: Audio, piece: Piece, steps: str, bar: Bar, human: Random) -> None:
    for step, loudness in enumerate(steps):
        if loudness == ".":
            continue
        late = song.swing / 4.0 if step % 2 else 0.0
        start = song.sample_at(bar.start_beat + step / 4.0 + late)
        start += int(human.integers(0, 180))
        gain = piece.gain * int(loudness) / 9.0 * human.uniform(0.8, 1.0)
        gain *= 0.6 + 0.4 * bar.section.energy
        place(stage, start, piece.stroke, gain, piece.pan)


def _play_fill(song: Song, stage: Audio, kit: dict[str, Piece], bar: Bar, human: Random) -> None:
    order = ("snare", "tom high", "tom high", "tom low")
    for step, name in zip(range(12, 16), order, strict=True):
        if human.random() < 0.75:
            steps = "." * step + "8" + "." * (15 - step)
            _play_steps(song, stage, kit[name], steps, bar, human)


def build_kit(random: Random) -> dict[str, Piece]:
    """A kit of eight pieces."""
    side = random.choice([-1.0, 1.0])
    low, high = random.uniform(75, 100), random.uniform(120, 170)
    return {
        "kick": Piece(_kick(random), random.uniform(0.9, 1.3), 0.0),
        "snare": Piece(_snare(random), random.uniform(0.6, 1.0), random.uniform(-0.15, 0.15)),
        "clap": Piece(_clap(random), random.uniform(0.5, 0.9), random.uniform(-0.2, 0.2)),
        "hat": Piece(_cymbal(random, 0.05, 0.2, 6_500), random.uniform(0.12, 0.3), 0.4 * side),
        "ride": Piece(_cymbal(random, 0.5, 1.2, 4_000), random.uniform(0.08, 0.18), -0.4 * side),
        "crash": Piece(_cymbal(random, 1.5, 2.8, 2_500), random.uniform(0.2, 0.4), 0.0),
        "tom low": Piece(_drum(random, low, 0.4), random.uniform(0.6, 0.9), -0.5 * side),
        "tom high": Piece(_drum(random, high, 0.3), random.uniform(0.6, 0.9), 0.3 * side),
    }


def _drum(random: Random, pitch_hz: float, seconds: float, sweep: float = 0.6) -> Audio:
    length = samples_of(seconds)
    pitch: Curve = pitch_hz * (1.0 + sweep * fall(length, 0.12).astype(np.float64))
    tone = np.sin(2.0 * np.pi * phase_of(pitch)).astype(np.float32) * fall(length, seconds)
    click = shaped_noise(random, length, lambda hertz: high_pass(hertz, 900.0, 2))
    return tone + 0.12 * click * fall(length, 0.03)


def _kick(random: Random) -> Audio:
    return _drum(random, random.uniform(42, 62), random.uniform(0.2, 0.5), random.uniform(1.5, 4.5))


def _snare(random: Random) -> Audio:
    length = samples_of(0.45)
    corner = random.uniform(900, 2_500)
    wires = shaped_noise(random, length, lambda hertz: high_pass(hertz, corner, 2))
    body = _drum(random, random.uniform(160, 240), 0.45, 0.4) * fall(length, 0.2)
    return 0.7 * body + random.uniform(0.25, 0.5) * wires * fall(length, random.uniform(0.15, 0.4))


def _clap(random: Random) -> Audio:
    length = samples_of(0.35)
    noise = shaped_noise(random, length, lambda hertz: high_pass(hertz, 900.0, 2) * low_pass(hertz, 4_500.0))
    shape = 0.6 * fall(length, random.uniform(0.2, 0.35))
    for delay in (0.0, 0.011, 0.022):
        start = samples_of(delay)
        shape[start:] = np.maximum(shape[start:], fall(length - start, 0.03))
    return 0.5 * noise * shape


def _cymbal(random: Random, shortest: float, longest: float, corner: float) -> Audio:
    seconds = random.uniform(shortest, longest)
    length = samples_of(seconds)
    noise = shaped_noise(random, length, lambda hertz: high_pass(hertz, corner))
    time = np.arange(length) / SAMPLE_RATE
    # inharmonic square waves give the metallic ring of an analog drum machine
    partials = random.uniform(0.5, 2.0, size=5) * corner
    ring = np.sign(np.sin(2.0 * np.pi * partials[:, None] * time)).mean(axis=0)
    sound: Audio = (0.8 * noise + 0.5 * ring.astype(np.float32)) * fall(length, seconds)
    return sound
