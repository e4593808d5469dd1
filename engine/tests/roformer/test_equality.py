from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from bs_roformer import BSRoformer

from separation_engine.architectures.roformer.description.settings import read_roformer_settings, rotary_rates
from separation_engine.architectures.roformer.torch.layers import Roformer
from separation_engine.common.stft import CenteredStft
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkWeights
from tests.roformer.weights import OTHER, SMALL, Load, make_weights
from tests.sounds import impulses, noise, song

VARIANTS = {
    "bs": ("bs", SMALL),
    "mel": ("mel", SMALL),
    "bs, two stems": ("bs", OTHER),
    "mel, two stems": ("mel", OTHER),
}
Make = Callable[[int], Samples]


def silence(samples: int) -> Samples:
    return np.zeros((2, samples), np.float32)


def torch_stems(weights: NetworkWeights, mix: Samples) -> Samples:
    network = Roformer(read_roformer_settings(weights), weights.tensors).eval()
    with torch.inference_mode():
        stems: Samples = network(torch.from_numpy(mix)[None])[0].numpy()
    return stems


def published_stems(weights: NetworkWeights, mix: Samples, mask_layers: int) -> Samples:
    """Of the published code, in float64: in float32 it is wrong by 1e-4 where bands are nearly silent."""
    kwargs: Mapping[str, object] = weights.kwargs
    names = kwargs.keys() - {"sources", "segment", "num_bands"}
    settings = {name: tuple(value) if isinstance(value := kwargs[name], list) else value for name in names}
    network = BSRoformer(
        **{"zero_dc": True, "flash_attn": False, **settings}, mask_estimator_depth=mask_layers
    ).eval()
    network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in weights.tensors.items()})
    network.double()
    network.stft_window_fn = partial(network.stft_window_fn, dtype=torch.float64)
    with torch.inference_mode():
        stems: Samples = network(torch.from_numpy(mix)[None].double())[0].float().numpy()
    return stems.reshape(len(weights.sources), 2, -1)


@pytest.mark.parametrize(("kind", "settings"), VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize("make", [song, silence, impulses, noise])
def test_openvino_equals_torch(load: Load, kind: str, settings: dict[str, object], make: Make) -> None:
    weights = make_weights(kind, settings)
    sut = load(weights)
    mix = make(sut.segment_samples)

    stems = sut.forward(mix[np.newaxis])[0]

    np.testing.assert_allclose(stems, torch_stems(weights, mix), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("settings", "mask_layers"), [(SMALL, 2), (OTHER, 1), (OTHER, 3)])
def test_equals_the_published_network(load: Load, settings: dict[str, object], mask_layers: int) -> None:
    weights = make_weights("bs", settings, mask_layers=mask_layers)
    sut = load(weights)
    mix = song(sut.segment_samples)

    stems = sut.forward(mix[np.newaxis])[0]

    np.testing.assert_allclose(stems, published_stems(weights, mix, mask_layers), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(sut.forward(mix[np.newaxis])[0], stems)


def test_rotary_positions_that_weights_leave_out_are_the_usual_ones(load: Load) -> None:
    weights = make_weights("bs", OTHER)
    rates = rotary_rates(16)
    stored = {name: rates if name.endswith("freqs") else value for name, value in weights.tensors.items()}
    left_out = {name: value for name, value in stored.items() if not name.endswith("freqs")}
    mix = song(load(weights).segment_samples)[np.newaxis]

    first, second = (
        load(replace(weights, tensors=tensors, sha256=str(len(tensors)))).forward(mix)
        for tensors in (stored, left_out)
    )

    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(
        torch_stems(replace(weights, tensors=left_out), mix[0]),
        torch_stems(replace(weights, tensors=stored), mix[0]),
    )


@pytest.mark.parametrize("loudness", [1e-30, 1e-6, 1e4, 1e30])
def test_finite_input_gives_finite_stems(load: Load, loudness: float) -> None:
    sut = load(make_weights("mel", OTHER))
    mix = song(sut.segment_samples) * np.float32(loudness)

    stems = sut.forward(mix[np.newaxis])

    assert np.isfinite(stems).all()
    assert np.abs(stems).max() > 0


@pytest.mark.parametrize(("size", "hop", "frames"), [(2048, 441, 20), (1024, 512, 33), (64, 10, 100)])
def test_the_spectrum_and_its_inverse_equal_those_of_torch(size: int, hop: int, frames: int) -> None:
    wave = noise(hop * frames)
    sut = CenteredStft(size, hop, hop * frames)
    exact = torch.from_numpy(wave).double()
    window = torch.hann_window(size, dtype=torch.float64)

    spectrum = sut.forward(wave)

    stock = torch.stft(exact, size, hop, window=window, return_complex=True)
    np.testing.assert_allclose(spectrum, stock.transpose(1, 2).numpy(), rtol=0, atol=1e-5)
    back = torch.istft(stock, size, hop, window=window, length=hop * frames)
    np.testing.assert_allclose(sut.inverse(spectrum), back.numpy(), rtol=0, atol=1e-6)
