from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from separation_engine.backends.base import BackendSettings
from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.errors import InvalidInputError, NotFiniteError, UnknownStemError
from separation_engine.models.folder import read_folder
from separation_engine.separating.gain import amplitude, holding_gain_db
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.serving.model_cache import ResidentModels
from separation_engine.wav import Samples
from tests.models import FULL, SHORT, SIX, SMALL_HYBRID, TINY, full, short, small_hybrid, tiny, write_model
from tests.runs import (
    EchoNetwork,
    StockNetwork,
    make_model,
    make_request,
    run_jobs,
    run_one,
    stock,
    torch_settings,
)
from tests.sounds import RATE, impulses, noise, read_wav, song

SEGMENT = 343_980
ONE_HOT = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "tiny", [tiny()], settings=TINY)
    write_model(folder, "short", [short()], settings=SHORT)
    write_model(folder, "tuned", [short(seed) for seed in range(4)], settings=SHORT, weights=ONE_HOT)
    write_model(folder, "six", [short(5, SIX)], settings=SHORT)
    write_model(folder, "hybrid", [small_hybrid()], settings=SMALL_HYBRID)
    return folder


@pytest.fixture
def load(models_dir: Path) -> Callable[[str], LoadedModel]:
    return lambda name: ResidentModels(torch_settings(models_dir, name)).load(name)


def assert_equal_to_stock(
    folder: Path,
    model: LoadedModel,
    network: StockNetwork | Sequence[StockNetwork],
    mix: Samples,
    overlap: float = 0.25,
    weights: list[list[float]] | None = None,
) -> None:
    request = make_request(folder, mix, model=model.name, stems=model.sources, overlap=overlap)
    stems, _ = run_one(model, request)
    expected = stock(network, mix, overlap, weights)
    for index, name in enumerate(model.sources):
        assert stems[name].shape == mix.shape
        assert np.abs(stems[name] - expected[index]).max() <= 1e-5
    assert np.abs(expected).max() > 1e-3, "the network makes nothing that could differ"


@pytest.mark.parametrize("samples", [4410, SEGMENT - 1, SEGMENT, SEGMENT + 1])
def test_equals_stock_around_one_segment(
    tmp_path: Path, load: Callable[[str], LoadedModel], samples: int
) -> None:
    assert_equal_to_stock(tmp_path, load("tiny"), tiny(), song(samples))


@pytest.mark.parametrize("overlap", [0.25, 0.1, 0.0, 0.9])
def test_equals_stock_at_every_overlap(
    tmp_path: Path, load: Callable[[str], LoadedModel], overlap: float
) -> None:
    assert_equal_to_stock(tmp_path, load("short"), short(), song(4 * RATE + 123), overlap)


@pytest.mark.parametrize("make", [noise, impulses])
def test_equals_stock_on_extreme_sound(
    tmp_path: Path, load: Callable[[str], LoadedModel], make: Callable[[int], Samples]
) -> None:
    assert_equal_to_stock(tmp_path, load("short"), short(), make(5 * RATE))


def test_equals_stock_over_20_s(tmp_path: Path, load: Callable[[str], LoadedModel]) -> None:
    assert_equal_to_stock(tmp_path, load("tiny"), tiny(), song(20 * RATE))


def test_equals_stock_for_a_bag(tmp_path: Path, load: Callable[[str], LoadedModel]) -> None:
    networks = [short(seed) for seed in range(4)]
    assert_equal_to_stock(tmp_path, load("tuned"), networks, song(3 * RATE), weights=ONE_HOT)


def test_equals_stock_for_six_stems(tmp_path: Path, load: Callable[[str], LoadedModel]) -> None:
    assert_equal_to_stock(tmp_path, load("six"), short(5, SIX), song(3 * RATE))


@pytest.mark.parametrize("samples", [2 * RATE, 3 * RATE, 8 * RATE + 77])
def test_equals_stock_for_a_network_without_fixed_length(
    tmp_path: Path, load: Callable[[str], LoadedModel], samples: int
) -> None:
    assert_equal_to_stock(tmp_path, load("hybrid"), small_hybrid(), song(samples))


def test_equals_stock_on_full_size_htdemucs(tmp_path: Path) -> None:
    network = full()
    folder = write_model(tmp_path, "full", [network], settings=FULL, checked=False)
    backend = TorchBackend(BackendSettings("cpu", "fp32", tmp_path))
    model = make_model([backend.load(read_folder(folder, "full").read_weights(0))], "full")
    assert_equal_to_stock(tmp_path, model, network, song(10 * RATE))


def test_two_runs_are_bit_equal(tmp_path: Path, load: Callable[[str], LoadedModel]) -> None:
    model, mix = load("short"), song(3 * RATE)
    runs = [
        run_one(model, make_request(tmp_path, mix, job, model="short", shifts=2))[0]
        for job in ("first", "second")
    ]
    assert all(np.array_equal(runs[0][name], runs[1][name]) for name in model.sources)


def test_shifted_passes_average_stock_passes_at_the_same_offsets(
    tmp_path: Path, load: Callable[[str], LoadedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    from demucs.apply import apply_model

    mix = song(3 * RATE)
    stems, _ = run_one(load("short"), make_request(tmp_path, mix, model="short", shifts=2))
    offsets = iter([RATE // 8, 3 * RATE // 8])
    monkeypatch.setattr("demucs.apply.random.randint", lambda *_: next(offsets))
    wave = torch.from_numpy(mix)
    mean, deviation = wave.mean(0).mean(), wave.mean(0).std() + 1e-8
    expected = apply_model(short(), ((wave - mean) / deviation)[None], shifts=2)[0] * deviation + mean
    for index, name in enumerate(stems):
        assert np.abs(stems[name] - expected[index].numpy()).max() <= 1e-5


def test_some_stems_equal_those_of_the_full_run_and_cost_less(
    tmp_path: Path, models_dir: Path, load: Callable[[str], LoadedModel]
) -> None:
    mix = song(3 * RATE)
    all_stems, _ = run_one(load("tuned"), make_request(tmp_path, mix, "all", model="tuned"))
    fewer = ResidentModels(torch_settings(models_dir, "tuned")).load("tuned", ["vocals", "bass"])
    assert sorted(fewer.networks) == [1, 3], "only what the wanted stems need is loaded"
    some, result = run_one(
        fewer, make_request(tmp_path, mix, "some", model="tuned", stems=["vocals", "bass"])
    )
    assert list(some) == ["vocals", "bass"]
    assert all(np.array_equal(some[name], all_stems[name]) for name in some)
    assert result.residual_db is None


def test_instrumental_is_the_mix_without_the_vocals(
    tmp_path: Path, load: Callable[[str], LoadedModel]
) -> None:
    mix = song(2 * RATE)
    request = make_request(tmp_path, mix, model="short", stems=["instrumental", "vocals"])
    stems, result = run_one(load("short"), request)
    np.testing.assert_allclose(stems["instrumental"], mix - stems["vocals"], atol=1e-7)
    assert result.residual_db is None


def test_the_residual_tells_how_far_the_stems_miss_the_mix(tmp_path: Path) -> None:
    mix = song(2 * RATE)
    model = make_model([EchoNetwork(levels=(0.4, 0.3, 0.1, 0.1))])
    _, result = run_one(model, make_request(tmp_path, mix))
    assert result.residual_db == pytest.approx(-20, abs=0.1)


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
def test_the_gain_is_the_whole_number_of_db_that_just_holds(peak: float, gain_db: int) -> None:
    assert holding_gain_db(peak) == gain_db


def test_progress_tells_the_gain_that_holds_what_is_written(tmp_path: Path) -> None:
    rising = song(6 * RATE) / np.abs(song(6 * RATE)).max() * np.linspace(0.5, 4, 6 * RATE, dtype=np.float32)
    model = make_model([EchoNetwork(levels=(1, 0.5, 0.1, 0.1))])
    listener = run_jobs(model, make_request(tmp_path, rising.astype(np.float32)))
    stem = read_wav(listener.results["job"].stems[0].path)
    told = listener.progress["job"]
    for progress in told:
        written = np.abs(stem[:, : progress.written_samples]).max(initial=0)
        assert progress.gain_db == holding_gain_db(float(written))
    assert told[0].gain_db == 0
    assert told[-1].gain_db == listener.results["job"].gain_db < -6


@pytest.mark.parametrize("samples", [1, 100, 2 * RATE])
def test_silence_gives_silence(tmp_path: Path, load: Callable[[str], LoadedModel], samples: int) -> None:
    mix = np.zeros((2, samples), np.float32)
    stems, result = run_one(load("short"), make_request(tmp_path, mix, model="short"))
    assert all(np.array_equal(stem, mix) for stem in stems.values())
    assert (result.gain_db, result.residual_db) == (0, None)


@pytest.mark.parametrize(
    "mix",
    [
        np.full((2, 1), 0.5, np.float32),
        np.full((2, RATE), -0.25, np.float32),
        song(RATE)[:1] * np.array([[1], [-1]], np.float32),
    ],
    ids=["one sample", "constant", "opposite phase"],
)
def test_sound_without_a_scale_is_separated_as_it_is(
    tmp_path: Path, load: Callable[[str], LoadedModel], mix: Samples
) -> None:
    stems, _ = run_one(load("short"), make_request(tmp_path, mix, model="short"))
    assert all(stem.shape == mix.shape and np.isfinite(stem).all() for stem in stems.values())
    assert all(np.abs(stem).max() < 1 for stem in stems.values())


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


def test_fails_where_the_network_makes_what_is_not_finite(tmp_path: Path) -> None:
    model = make_model([EchoNetwork(levels=(1, 1, float("nan"), 1))])
    with pytest.raises(NotFiniteError, match="other"):
        run_one(model, make_request(tmp_path, song(100)))
