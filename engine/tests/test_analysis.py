from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest

from separation_engine.__main__ import main
from separation_engine.analysis.analyze import ArraySource, analyze
from separation_engine.analysis.beats import seconds_of_beat
from separation_engine.common.errors import InvalidInputError
from separation_engine.common.wav import Samples
from tests.known_songs import FEELS, compose_known, render_known
from tests.known_songs.scoring import Score, score
from tests.known_songs.song import KnownSong
from tests.sounds import RATE, write_wav

# two of each feel; `bench/analysis.py` runs 200 others
SEEDS = (0, 1, 3, 4, 6, 8)


@cache
def songs() -> list[tuple[KnownSong, dict[str, Samples]]]:
    composed = [compose_known(seed, 15.0) for seed in SEEDS]
    return [(song, render_known(song)) for song in composed]


def describe(stems: dict[str, Samples]) -> dict[str, Any]:
    mix: Samples = np.sum(list(stems.values()), axis=0, dtype=np.float32)
    return analyze(ArraySource(mix), {name: ArraySource(stem) for name, stem in stems.items()})


@cache
def scores() -> list[Score]:
    return [score(song, describe(stems)) for song, stems in songs()]


def test_the_songs_differ() -> None:
    assert {song.feel for song, _ in songs()} == set(FEELS)
    assert {song.scale for song, _ in songs()} == {"major", "minor"}
    assert len({round(song.tempo) for song, _ in songs()}) == len(SEEDS)


def test_finds_tempo() -> None:
    assert all(entry.octave for entry in scores())
    assert mean(entry.tempo for entry in scores()) >= 0.85


def test_finds_beats() -> None:
    assert mean(entry.beats for entry in scores()) >= 0.9


def test_finds_key_and_tuning() -> None:
    assert mean(entry.key for entry in scores()) >= 0.8
    assert max(entry.tuning for entry in scores()) <= 5


def test_is_not_sure_of_everything() -> None:
    confidences = [value for entry in scores() for value in (entry.tempo_confidence, entry.key_confidence)]
    assert all(0 < value <= 1 for value in confidences)
    assert len(set(confidences)) > len(SEEDS)


@pytest.mark.parametrize("seconds", [0.01, 0.3, 8.0])
def test_says_nothing_of_silence(seconds: float) -> None:
    silence = np.zeros((2, round(seconds * RATE)), np.float32)
    found = describe({"drums": silence, "bass": silence})
    assert found["tempo"] is found["key"] is found["tuningCents"] is None
    nothing = {"integratedLufs": None, "truePeakDb": None, "rangeLu": None}
    assert found["loudness"] == {"mix": nothing, "stems": {"drums": nothing, "bass": nothing}}


def test_says_nothing_of_noise() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal((2, 12 * RATE)).astype(np.float32)
    found = describe({"drums": noise, "other": noise})
    assert found["tempo"] is found["key"] is found["tuningCents"] is None
    assert found["loudness"]["mix"]["integratedLufs"] < 0


def test_says_nothing_without_drums_and_tonal_stems() -> None:
    _, stems = songs()[0]
    found = describe({"vocals": stems["other"]})
    assert found["tempo"] is found["key"] is found["tuningCents"] is None


def test_ignores_drums_far_below_the_mix() -> None:
    _, stems = songs()[0]
    assert describe({**stems, "drums": stems["drums"] * np.float32(1e-3)})["tempo"] is None


def test_beats_do_not_depend_on_the_level() -> None:
    _, stems = songs()[0]
    drums = stems["drums"]
    soft = describe({"drums": drums * np.float32(0.05)})
    assert soft["tempo"]["beats"] == pytest.approx(describe({"drums": drums})["tempo"]["beats"], abs=0.005)


def test_the_mix_is_measured_with_its_gain() -> None:
    _, stems = songs()[0]
    source = ArraySource(stems["bass"])
    plain = analyze(source, {"bass": source})["loudness"]
    doubled = analyze(source, {"bass": source}, 2.0)["loudness"]
    assert doubled["stems"] == plain["stems"]
    assert doubled["mix"]["truePeakDb"] == pytest.approx(plain["mix"]["truePeakDb"] + 6.02, abs=0.02)


def test_refuses_stems_of_another_length() -> None:
    mix = ArraySource(np.zeros((2, 1000), np.float32))
    with pytest.raises(InvalidInputError, match="bass"):
        analyze(mix, {"bass": ArraySource(np.zeros((2, 999), np.float32))})


def test_a_break_with_an_invented_beat_does_not_change_the_tempo() -> None:
    steady = np.arange(60, dtype=np.float64) * 0.5
    # one beat more in four seconds
    rushed = steady[-1] + np.arange(1, 10) * (4.0 / 9)
    beats = np.concatenate([steady, rushed, rushed[-1] + np.arange(1, 60) * 0.5]).astype(np.float64)
    assert 60 / seconds_of_beat(beats) == pytest.approx(120, abs=0.1)


@pytest.mark.parametrize("count", [4, 9, 10])
def test_few_beats_have_a_tempo(count: int) -> None:
    assert seconds_of_beat(np.arange(count, dtype=np.float64) * 0.6) == pytest.approx(0.6)


def test_the_command_prints_the_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, stems = songs()[0]
    for name, stem in stems.items():
        write_wav(tmp_path / f"{name}.wav", stem)
    assert main(["analyze", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == describe(stems)


def test_the_command_refuses_an_empty_folder(tmp_path: Path) -> None:
    assert main(["analyze", str(tmp_path)]) == 1
