"""Building blocks of sound: wavetables, envelopes, filtered noise, panning."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 44_100
TABLE_SIZE = 2_048
HIGHEST_PARTIAL_HZ = 17_000.0

Audio = NDArray[np.float32]
Curve = NDArray[np.float64]
Random = np.random.Generator


def samples_of(seconds: float) -> int:
    """Samples in `seconds`, at least one."""
    return max(1, round(seconds * SAMPLE_RATE))


def wavetable(amplitude_at: Callable[[Curve], Curve], pitch_hz: float) -> Audio:
    """One period of a sum of harmonics at unit power, without aliasing up to `pitch_hz`.

    Args:
        amplitude_at: amplitude of each harmonic by its number (1, 2, …).
        pitch_hz: highest pitch to play the table at.

    Returns:
        float32 (TABLE_SIZE + 1,); the last sample repeats the first one, for interpolation.
    """
    count = max(1, min(TABLE_SIZE // 2 - 1, int(HIGHEST_PARTIAL_HZ / pitch_hz)))
    numbers = np.arange(1, count + 1, dtype=np.float64)
    amplitudes = amplitude_at(numbers)
    # quadratic phases spread the energy over the period, which keeps the crest factor low
    phases = np.pi * numbers * numbers / count
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[1 : count + 1] = amplitudes * np.exp(1j * phases)
    period = np.fft.irfft(spectrum)
    period /= np.sqrt(np.mean(period**2)) + 1e-12
    return np.append(period, period[0]).astype(np.float32)


def phase_of(pitch_hz: Curve, start: float = 0.0) -> Curve:
    """Phase in periods, [0, 1), of an oscillator with the pitch `pitch_hz` (one value per sample)."""
    phase: Curve = (start + np.cumsum(pitch_hz / SAMPLE_RATE)) % 1.0
    return phase


def play(table: Audio, phase: Curve) -> Audio:
    """Read a wavetable at each phase with linear interpolation."""
    position = phase * TABLE_SIZE
    index = np.minimum(position.astype(np.int32), TABLE_SIZE - 1)
    fraction = (position - index).astype(np.float32)
    low = table[index]
    sound: Audio = low + (table[index + 1] - low) * fraction
    return sound


def envelope(length: int, attack: float, decay: float, sustain: float, release: float) -> Audio:
    """Attack, exponential decay to `sustain`, and linear release, within `length` samples.

    attack, decay, release: in seconds. sustain: a level from 0 to 1.
    """
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    level = sustain + (1.0 - sustain) * np.exp(-np.maximum(time - attack, 0.0) / decay)
    level *= np.minimum(1.0, time / max(attack, 1e-4))
    level *= np.clip((length / SAMPLE_RATE - time) / max(release, 1e-3), 0.0, 1.0)
    return level.astype(np.float32)


def fall(length: int, seconds: float) -> Audio:
    """Exponential decay by 60 dB in `seconds`."""
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    return np.exp(-6.9 * time / seconds).astype(np.float32)


def fast_length(length: int) -> int:
    """The next larger length with a fast FFT."""
    power = 1 << (length - 1).bit_length()
    return next(size for size in (power * 5 // 8, power * 3 // 4, power) if size >= length)


def shaped_noise(random: Random, length: int, gain_at: Callable[[Curve], Curve]) -> Audio:
    """White noise of `length` samples, filtered by `gain_at(hertz)`, at unit power."""
    size = fast_length(max(length, 64))
    spectrum = np.fft.rfft(random.standard_normal(size))
    hertz: Curve = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE).astype(np.float64)
    shaped = np.fft.irfft(spectrum * gain_at(hertz), size)
    shaped /= np.sqrt(np.mean(shaped**2)) + 1e-12
    return shaped[:length].astype(np.float32)


def high_pass(hertz: Curve, corner: float, order: int = 4) -> Curve:
    """Gain of a Butterworth-like high-pass."""
    ratio = (hertz / corner) ** order
    gain: Curve = ratio / np.sqrt(1.0 + ratio**2)
    return gain


def low_pass(hertz: Curve, corner: float, order: int = 2) -> Curve:
    """Gain of a Butterworth-like low-pass."""
    gain: Curve = 1.0 / np.sqrt(1.0 + (hertz / corner) ** (2 * order))
    return gain


def pitch_of(note: float) -> float:
    """Hertz of a MIDI note number."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def place(stage: Audio, start: int, sound: Audio, gain: float = 1.0, pan: float = 0.0) -> None:
    """Add a mono sound to a stereo stage (2, samples) at `start`, cut at the end of the stage.

    pan: from -1 (left) to 1 (right), at constant power.
    """
    end = min(stage.shape[1], start + len(sound))
    if start >= end or start < 0:
        return
    angle = (pan + 1.0) * np.pi / 4.0
    part = sound[: end - start] * np.float32(gain)
    stage[0, start:end] += part * np.float32(np.cos(angle) * np.sqrt(2.0))
    stage[1, start:end] += part * np.float32(np.sin(angle) * np.sqrt(2.0))
