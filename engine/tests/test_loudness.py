"""The generated test signals of EBU Tech 3341 (2023) and 3342 (2023) for stereo, and ffmpeg's meter."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from separation_engine.analysis.analyze import analyze
from separation_engine.analysis.loudness import LoudnessMeter
from separation_engine.analysis.true_peak import TruePeakMeter
from separation_engine.commands.decode import decode_song
from separation_engine.common.wav import Samples, WavReader
from tests.sounds import RATE

DEMO_SONG = Path(__file__).parents[2] / "demo" / "demo-song.mp3"
# (dB of full scale, seconds) of a 1 kHz sine
Parts = Sequence[tuple[float, float]]


def sine(seconds: float, hertz: float, amplitude: float, degrees: float = 0.0) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    wave = amplitude * np.sin(2 * np.pi * hertz * time + np.radians(degrees))
    return np.stack([wave, wave]).astype(np.float32)


def measured(parts: Parts) -> LoudnessMeter:
    meter = LoudnessMeter()
    for level, seconds in parts:
        meter.add(sine(seconds, 1000.0, 10 ** (level / 20)))
    return meter


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        (((-23, 20),), -23.0),
        (((-33, 20),), -33.0),
        (((-36, 10), (-23, 60), (-36, 10)), -23.0),
        (((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
        (((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
    ],
    ids=lambda value: f"case of {len(value)} parts" if isinstance(value, tuple) else None,
)
def test_integrated_loudness_of_tech_3341(parts: Parts, lufs: float) -> None:
    assert measured(parts).integrated() == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize(
    ("parts", "units"),
    [
        (((-20, 20), (-30, 20)), 10),
        (((-20, 20), (-15, 20)), 5),
        (((-40, 20), (-20, 20)), 20),
        (((-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)), 15),
    ],
    ids=["1", "2", "3", "4"],
)
def test_loudness_range_of_tech_3342(parts: Parts, units: float) -> None:
    assert measured(parts).range() == pytest.approx(units, abs=0.1)


@pytest.mark.parametrize(
    ("divisor", "degrees", "amplitude", "decibels"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
    ids=["15", "16", "17", "18", "19"],
)
def test_true_peak_of_tech_3341(divisor: float, degrees: float, amplitude: float, decibels: float) -> None:
    meter = TruePeakMeter()
    tone = sine(1.0, RATE / divisor, amplitude, degrees)
    # the standard's signals fade in and out
    fade = np.minimum(1, np.minimum(np.arange(RATE), np.arange(RATE)[::-1]) / 4000).astype(np.float32)
    meter.add(tone * fade)
    assert -0.4 <= (meter.finish() or 0) - decibels <= 0.2


def test_one_channel_is_half_as_loud_as_two() -> None:
    meter = LoudnessMeter()
    meter.add(sine(5, 997.0, 1.0) * np.array([[1], [0]], np.float32))
    # the level that BS.1770 gives for this signal
    assert meter.integrated() == pytest.approx(-3.01, abs=0.01)


def test_blocks_of_any_length_measure_alike() -> None:
    random = np.random.default_rng(3)
    sound = (0.2 * random.standard_normal((2, 5 * RATE))).astype(np.float32)
    results = []
    for size in (sound.shape[1], 9973, 70_001):
        loudness, peak = LoudnessMeter(), TruePeakMeter()
        for start in range(0, sound.shape[1], size):
            loudness.add(sound[:, start : start + size])
            peak.add(sound[:, start : start + size])
        results.append((loudness.integrated(), loudness.range(), peak.finish()))
    assert results[1] == pytest.approx(results[0], abs=1e-4)
    assert results[2] == pytest.approx(results[0], abs=1e-4)


def test_agrees_with_ffmpeg_on_a_song(tmp_path: Path) -> None:
    decoded = decode_song(DEMO_SONG, tmp_path / "song.wav", RATE)
    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", str(decoded)]
    command += ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    report = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stderr
    theirs = [float(value) for value in re.findall(r"(?:I|LRA|Peak): +(-?[\d.]+) (?:LUFS|LU|dBFS)", report)]
    with closing(WavReader(decoded)) as song:
        ours = analyze(song, {})["loudness"]["mix"]
    assert theirs == pytest.approx([ours["integratedLufs"], ours["rangeLu"], ours["truePeakDb"]], abs=0.15)
