from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from separation_engine.common.settings import Settings
from separation_engine.common.wav import Samples
from separation_engine.models.catalogue import DEMO_MODEL
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.serving.model_cache import ModelCache
from tests.runs import make_request, run_one
from tests.sounds import RATE, impulses, noise, song, without_dc

SEGMENT = 343_980
Separate = Callable[[Samples], Samples]
Stock = Callable[[Samples], Samples]


def silence(samples: int) -> Samples:
    return np.zeros((2, samples), np.float32)


def off_center(samples: int) -> Samples:
    """A song with another DC offset in each channel."""
    mix: Samples = 0.5 * song(samples) + np.array([[0.4], [-0.1]], np.float32)
    return mix


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedModel]:
    """The demo model, loaded like in the engine."""
    cache = tmp_path_factory.mktemp("cache")
    models = ModelCache(Settings(None, cache, DEMO_MODEL, "cpu", "openvino", "fp32", "info"))
    loaded = models.load(DEMO_MODEL)
    yield loaded
    for network in loaded.networks.values():
        network.close()


@pytest.fixture(scope="module")
def stock() -> Stock:
    """Demucs' own result with the demo model."""
    pytest.importorskip("torch")
    from tests.stock import StockNetwork, stock
    from training.evaluate import MODEL_FOLDER
    from training.export import load_bag

    (network,) = load_bag(MODEL_FOLDER).models
    assert isinstance(network, StockNetwork)
    return lambda mix: stock(network, mix)


@pytest.fixture
def separate(model: LoadedModel, tmp_path: Path) -> Separate:
    """Separates a whole song: (channels=2, samples) to (sources, channels=2, samples)."""

    def separate(mix: Samples) -> Samples:
        request = make_request(tmp_path, mix, model=model.name, stems=model.sources)
        stems, _ = run_one(model, request)
        return np.stack([stems[name] for name in model.sources])

    return separate


@pytest.mark.parametrize("samples", [4410, SEGMENT - 1, SEGMENT, SEGMENT + 1, 20 * RATE + 7])
def test_a_song_of_any_length_equals_demucs(separate: Separate, stock: Stock, samples: int) -> None:
    mix = song(samples)
    expected = stock(mix)

    np.testing.assert_allclose(separate(mix), expected, rtol=0, atol=1e-4)
    assert np.abs(expected).max() > 0.01, "the network returns silence, so the comparison proves nothing"


@pytest.mark.parametrize("make", [silence, impulses, noise, off_center])
def test_any_kind_of_sound_equals_demucs(
    separate: Separate, stock: Stock, make: Callable[[int], Samples]
) -> None:
    mix = make(9 * RATE)

    np.testing.assert_allclose(separate(mix), stock(mix), rtol=0, atol=1e-4)


@pytest.mark.parametrize("loudness", [1e-41, 1e-20, 1e20, 1e37])
def test_a_song_of_any_loudness_gives_finite_stems(separate: Separate, loudness: float) -> None:
    mix = (song(RATE).astype(np.float64) * loudness).astype(np.float32)

    assert np.abs(mix).max() > 0
    assert np.isfinite(separate(mix)).all()


def test_a_dc_offset_leaves_the_residual_as_it_is(model: LoadedModel, tmp_path: Path) -> None:
    residuals = []
    for mix in (without_dc(off_center(9 * RATE)), off_center(9 * RATE)):
        _, result = run_one(model, make_request(tmp_path, mix, model=model.name))
        assert result.residual_db is not None
        # energy of the difference alone: the offset adds to the energy of the song
        residuals.append(result.residual_db + 10 * np.log10(np.square(mix, dtype=np.float64).sum()))
    assert residuals[1] == pytest.approx(residuals[0], abs=0.1)


def test_a_constant_gives_finite_stems(separate: Separate) -> None:
    assert np.isfinite(separate(np.full((2, RATE), 0.7, np.float32))).all()


def test_the_same_song_gives_the_same_bits(separate: Separate) -> None:
    mix = song(9 * RATE)
    first = separate(mix)
    separate(noise(RATE))

    np.testing.assert_array_equal(separate(mix), first)
