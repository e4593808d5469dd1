"""Whole separations on torch, compared with Demucs itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from separation_engine.common.wav import Samples
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.serving.model_cache import ModelCache
from tests.model_files import FOUR, FULL, SHORT, SIX, TINY
from tests.models import SMALL_HYBRID, full, short, small_hybrid, tiny, write_model
from tests.runs import make_model, make_request, run_jobs, run_one
from tests.sounds import RATE, impulses, noise, read_wav, song, without_dc
from tests.stock import StockNetwork, demucs_separator, roomy, stock, torch_network, torch_settings

SEGMENT = 343_980
ONE_HOT = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "tiny", [tiny()], settings=TINY)
    write_model(folder, "short", [short()], settings=SHORT)
    write_model(folder, "tuned", [short(seed) for seed in range(4)], settings=SHORT, bag_weights=ONE_HOT)
    write_model(folder, "six", [short(5, SIX)], settings=SHORT)
    write_model(folder, "hybrid", [small_hybrid()], settings=SMALL_HYBRID)
    return folder


@pytest.fixture
def load(models_dir: Path) -> Callable[[str], LoadedModel]:
    return lambda name: ModelCache(torch_settings(models_dir, name)).load(name)


def assert_equal_to_stock(
    folder: Path,
    model: LoadedModel,
    network: StockNetwork | Sequence[StockNetwork],
    mix: Samples,
    overlap: float = 0.25,
    bag_weights: list[list[float]] | None = None,
) -> None:
    request = make_request(folder, mix, model=model.name, stems=model.sources, overlap=overlap)
    stems, _ = run_one(model, request)
    expected = stock(network, mix, overlap, bag_weights)
    for index, name in enumerate(model.sources):
        assert stems[name].shape == mix.shape
        assert np.abs(stems[name] - expected[index]).max() <= 1e-5
    assert np.abs(expected).max() > 1e-3, "the network returns silence, so the comparison proves nothing"


@pytest.mark.parametrize("samples", [4410, SEGMENT - 1, SEGMENT, SEGMENT + 1])
def test_equals_stock_around_one_segment(
    tmp_path: Path, load: Callable[[str], LoadedModel], samples: int
) -> None:
    assert_equal_to_stock(tmp_path, load("tiny"), tiny(), song(samples))


@pytest.mark.parametrize("overlap", [0.25, 0.1, 0.0, 0.9])
def test_equals_stock_at_every_overlap(
    tmp_path: Path, load: Callable[[str], LoadedModel], overlap: float
) -> None:
    assert_equal_to_stock(tmp_path, load("short"), short(), song(3 * RATE + 123), overlap)


@pytest.mark.parametrize("make", [noise, impulses])
def test_equals_stock_on_extreme_sound(
    tmp_path: Path, load: Callable[[str], LoadedModel], make: Callable[[int], Samples]
) -> None:
    assert_equal_to_stock(tmp_path, load("short"), short(), make(5 * RATE))


def test_equals_stock_over_three_segments(tmp_path: Path, load: Callable[[str], LoadedModel]) -> None:
    assert_equal_to_stock(tmp_path, load("tiny"), tiny(), song(16 * RATE))


def test_equals_demucs_itself_for_a_song_without_dc_offset(
    tmp_path: Path, load: Callable[[str], LoadedModel]
) -> None:
    mix = without_dc(song(4 * RATE))
    stems, _ = run_one(load("short"), make_request(tmp_path, mix, model="short"))
    expected = demucs_separator(short(), mix)
    for index, name in enumerate(FOUR):
        np.testing.assert_allclose(stems[name], expected[index], atol=1e-5)


@pytest.mark.parametrize("offset", [(0.05, 0.05), (0.05, -0.05)])
def test_a_dc_offset_changes_other_alone(
    tmp_path: Path, load: Callable[[str], LoadedModel], offset: tuple[float, float]
) -> None:
    mix, shift = without_dc(song(2 * RATE)), np.array(offset, np.float32).reshape(2, 1)
    plain, _ = run_one(load("short"), make_request(tmp_path, mix, "plain", model="short"))
    stems, _ = run_one(load("short"), make_request(tmp_path, mix + shift, "shifted", model="short"))
    for name, stem in stems.items():
        np.testing.assert_allclose(stem, plain[name] + (shift if name == "other" else 0), atol=1e-5)


def test_equals_stock_for_a_bag(tmp_path: Path, load: Callable[[str], LoadedModel]) -> None:
    networks = [short(seed) for seed in range(4)]
    assert_equal_to_stock(tmp_path, load("tuned"), networks, song(3 * RATE), bag_weights=ONE_HOT)


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
    model = make_model([torch_network(folder)], "full")
    assert_equal_to_stock(tmp_path, model, network, song(5 * RATE))


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

    mix = without_dc(song(3 * RATE))
    stems, _ = run_one(load("short"), make_request(tmp_path, mix, model="short", shifts=2))
    offsets = iter([RATE // 8, 3 * RATE // 8])
    monkeypatch.setattr("demucs.apply.random.randint", lambda *_: next(offsets))
    wave = torch.from_numpy(mix)
    std = wave.mean(0).std() + 1e-8
    expected = apply_model(short(), (wave / std)[None], shifts=2)[0] * std
    for index, name in enumerate(stems):
        assert np.abs(stems[name] - expected[index].numpy()).max() <= 1e-5


def test_some_stems_equal_those_of_the_full_run_and_cost_less(
    tmp_path: Path, models_dir: Path, load: Callable[[str], LoadedModel]
) -> None:
    mix = song(3 * RATE)
    all_stems, _ = run_one(load("tuned"), make_request(tmp_path, mix, "all", model="tuned"))
    fewer = ModelCache(torch_settings(models_dir, "tuned")).load("tuned", ["vocals", "bass"])
    assert sorted(fewer.networks) == [1, 3], "only the needed networks are loaded"
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


@pytest.mark.parametrize("asynchronous", [False, True])
def test_jobs_at_once_equal_jobs_alone(tmp_path: Path, asynchronous: bool) -> None:
    network = torch_network(write_model(tmp_path, "short", [short()], settings=SHORT, checked=False))
    network.asynchronous = asynchronous
    model = make_model([network])
    mixes = [song(RATE + 5000 * index, seed=index) for index in range(6)]
    alone = [
        run_one(model, make_request(tmp_path / "alone", mix, f"job{index}"))[0]
        for index, mix in enumerate(mixes)
    ]
    network.limit = roomy(4)
    jobs = [make_request(tmp_path / "together", mix, f"job{index}") for index, mix in enumerate(mixes)]
    together = run_jobs(model, *jobs)
    for index, stems in enumerate(alone):
        for stem in together.results[f"job{index}"].stems:
            np.testing.assert_allclose(read_wav(stem.path), stems[stem.name], atol=1e-5)
