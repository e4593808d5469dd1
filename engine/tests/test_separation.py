from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from separation_engine.common.errors import InvalidInputError, NotFiniteError, UnknownStemError
from separation_engine.separating.gain import amplitude, gain_db_for_peak
from tests.runs import EchoNetwork, make_model, make_request, run_jobs, run_one
from tests.sounds import RATE, noise, read_wav, song, without_dc


def test_the_residual_compares_the_sum_of_stems_with_the_mix(tmp_path: Path) -> None:
    mix = song(2 * RATE)
    model = make_model([EchoNetwork(levels=(0.4, 0.3, 0.1, 0.1))])
    _, result = run_one(model, make_request(tmp_path, mix))
    assert result.residual_db == pytest.approx(-20, abs=0.1)


@pytest.mark.parametrize("offset", [(0.05, 0.05), (0.05, -0.05), (0.1, 0)])
def test_the_dc_offset_of_a_song_goes_to_other(tmp_path: Path, offset: tuple[float, float]) -> None:
    mix = without_dc(song(2 * RATE)) + np.array(offset, np.float32).reshape(2, 1)
    stems, result = run_one(make_model([EchoNetwork()]), make_request(tmp_path, mix))
    for name, stem in stems.items():
        found = stem.mean(axis=1, dtype=np.float64)
        np.testing.assert_allclose(found, offset if name == "other" else (0, 0), atol=1e-6)
    assert result.residual_db is not None
    assert result.residual_db < -100, "the stems add up to the song"


def test_the_dc_offset_stays_in_the_remainder_if_the_model_has_no_other(tmp_path: Path) -> None:
    mix = without_dc(song(2 * RATE)) + np.float32(0.05)
    model = make_model([EchoNetwork(sources=("drums", "vocals"), levels=(0.7, 0.3))])
    stems, _ = run_one(model, make_request(tmp_path, mix, stems=["vocals", "drums", "instrumental"]))
    offsets = {name: round(float(stem.mean(dtype=np.float64)), 5) for name, stem in stems.items()}
    assert offsets == {"vocals": 0, "drums": 0, "instrumental": 0.05}


def test_the_residual_is_that_of_the_stored_stems_where_rounding_matters(tmp_path: Path) -> None:
    # at -140 dBFS, every stem is silent in 24 bits
    quiet = song(2 * RATE) * np.float32(1e-7 / np.abs(song(2 * RATE)).max())
    _, silent = run_one(make_model([EchoNetwork()]), make_request(tmp_path, quiet))
    assert silent.residual_db == pytest.approx(0, abs=1e-6)
    # a few steps of 24 bits; ffmpeg rounds to 32 bits first
    faint = song(2 * RATE) * np.float32(20 / 2**23 / np.abs(song(2 * RATE)).max())
    stems, result = run_one(make_model([EchoNetwork()]), make_request(tmp_path, faint))
    fine = [np.rint(stem.astype(np.float64) * 2**31) for stem in stems.values()]
    stored = sum(np.floor((stem + 128) / 256) / 2**23 for stem in fine)
    rest, mix = np.square(faint - stored).sum(), np.square(faint, dtype=np.float64).sum()
    assert result.residual_db is not None
    assert result.residual_db == pytest.approx(10 * np.log10(rest / mix), abs=1e-6)
    assert result.residual_db > -40


def test_one_gain_keeps_every_stem_from_clipping(tmp_path: Path) -> None:
    mix = noise(RATE)
    stems, result = run_one(make_model([EchoNetwork(levels=(2, 1, 0.5, -4))]), make_request(tmp_path, mix))
    peaks = {stem.name: stem.peak for stem in result.stems}
    assert peaks == {name: pytest.approx(np.abs(stem).max()) for name, stem in stems.items()}
    loudest = max(peaks.values())
    assert loudest > 1
    assert loudest * amplitude(result.gain_db) <= 1 < loudest * amplitude(result.gain_db + 1)


@pytest.mark.parametrize(
    ("peak", "gain_db"), [(0, 0), (1, 0), (1.0001, -1), (1.12, -1), (1.13, -2), (100, -40)]
)
def test_the_gain_is_the_largest_whole_number_of_db_without_clipping(peak: float, gain_db: int) -> None:
    assert gain_db_for_peak(peak) == gain_db


def test_progress_reports_the_gain_for_what_is_written(tmp_path: Path) -> None:
    rising = song(6 * RATE) / np.abs(song(6 * RATE)).max() * np.linspace(0.5, 4, 6 * RATE, dtype=np.float32)
    model = make_model([EchoNetwork(levels=(1, 0.5, 0.1, 0.1))])
    listener = run_jobs(model, make_request(tmp_path, rising.astype(np.float32)))
    stem = read_wav(listener.results["job"].stems[0].path)
    told = listener.progress["job"]
    for progress in told:
        written = np.abs(stem[:, : progress.written_samples]).max(initial=0)
        assert progress.gain_db == gain_db_for_peak(float(written))
    assert told[0].gain_db == 0
    assert told[-1].gain_db == listener.results["job"].gain_db < -6


def test_refuses_a_song_with_a_sample_that_is_not_finite(tmp_path: Path) -> None:
    mix = song(RATE)
    mix[1, 777] = np.nan
    with pytest.raises(InvalidInputError, match="not finite"):
        run_one(make_model([EchoNetwork()]), make_request(tmp_path, mix))


def test_refuses_a_song_at_another_rate(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="48000"):
        run_one(make_model([EchoNetwork(sample_rate=48_000)]), make_request(tmp_path, song(100)))


def test_refuses_a_stem_that_the_model_does_not_make(tmp_path: Path) -> None:
    with pytest.raises(UnknownStemError, match="not piano"):
        run_one(make_model([EchoNetwork()]), make_request(tmp_path, song(100), stems=["vocals", "piano"]))


def test_fails_if_the_network_returns_nan(tmp_path: Path) -> None:
    model = make_model([EchoNetwork(levels=(1, 1, float("nan"), 1))])
    with pytest.raises(NotFiniteError, match="other"):
        run_one(model, make_request(tmp_path, song(100)))
