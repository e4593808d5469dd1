from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from demucs.htdemucs import HTDemucs

from separation_engine.architectures.htdemucs.openvino.network import OpenvinoNetwork
from separation_engine.common.errors import DeviceUnavailableError
from separation_engine.common.wav import Samples
from tests.model_files import FOUR, FULL, SHORT, TINY
from tests.models import make_network, short, tiny
from tests.openvino.conftest import Load, signal_to_noise, stock_segment, weights_of
from tests.sounds import RATE, impulses, noise, song

SEGMENT = 343_980
VARIANTS = {
    "no bottleneck, three transformer layers, across first": {
        **SHORT,
        "bottom_channels": 0,
        "t_layers": 3,
        "t_cross_first": True,
    },
    "three layers deep, no transformer, no frequency embedding": {
        **SHORT,
        "depth": 3,
        "channels": 8,
        "bottom_channels": 0,
        "t_layers": 0,
        "freq_emb": 0,
    },
    "one narrow residual branch in the encoder only": {
        **SHORT,
        "channels": 8,
        "dconv_mode": 1,
        "dconv_depth": 1,
        "dconv_comp": 8,
    },
    "a segment that no stride divides, another sample rate": {
        **SHORT,
        "segment": Fraction(12347, 10000),
        "samplerate": 32000,
    },
}


def silence(samples: int) -> Samples:
    return np.zeros((2, samples), np.float32)


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    return tiny()


@pytest.fixture(scope="module")
def sut(load: Load, reference: torch.nn.Module) -> OpenvinoNetwork:
    return load(weights_of(reference, TINY))


@pytest.mark.parametrize("make", [song, silence, impulses, noise])
def test_a_segment_equals_demucs(
    sut: OpenvinoNetwork, reference: torch.nn.Module, make: Callable[[int], Samples]
) -> None:
    mix = make(SEGMENT)

    stems = sut.forward(mix[np.newaxis])[0]

    np.testing.assert_allclose(stems, stock_segment(reference, mix), rtol=0, atol=1e-4)


@pytest.mark.parametrize("loudness", [1e-30, 1e-6, 1e4, 1e30])
def test_finite_input_gives_finite_stems(sut: OpenvinoNetwork, loudness: float) -> None:
    mix = song(SEGMENT) * np.float32(loudness)

    assert np.isfinite(sut.forward(mix[np.newaxis])).all()


def test_scales_with_the_mix_beyond_the_range_of_squares(sut: OpenvinoNetwork) -> None:
    mix = song(SEGMENT)
    loud = sut.forward(mix[np.newaxis] * np.float32(2.0**70))

    np.testing.assert_allclose(loud / np.float32(2.0**70), sut.forward(mix[np.newaxis]), rtol=0, atol=1e-4)


def test_the_same_segment_gives_the_same_bits(sut: OpenvinoNetwork) -> None:
    mix = song(SEGMENT)[np.newaxis]
    first = sut.forward(mix)
    sut.forward(noise(SEGMENT)[np.newaxis])

    np.testing.assert_array_equal(sut.forward(mix), first)


def test_does_not_modify_the_mix(sut: OpenvinoNetwork) -> None:
    mix = song(SEGMENT)[np.newaxis]
    before = mix.copy()
    sut.forward(mix)

    np.testing.assert_array_equal(mix, before)


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS.keys())
def test_networks_of_other_shapes_equal_demucs(load: Load, settings: dict[str, object]) -> None:
    network = make_network(HTDemucs, [*FOUR, "voice"], settings)
    sut = load(weights_of(network, settings))
    mix = song(sut.segment_samples)

    stems = sut.forward(mix[np.newaxis])[0]

    np.testing.assert_allclose(stems, stock_segment(network, mix), rtol=0, atol=1e-4)


def test_a_segment_of_a_full_size_network_equals_demucs(load: Load) -> None:
    network = make_network(HTDemucs, FOUR, FULL)
    mix = song(SEGMENT)

    sut = load(weights_of(network, FULL))
    stems = sut.forward(mix[np.newaxis])[0]

    np.testing.assert_allclose(stems, stock_segment(network, mix), rtol=0, atol=1e-4)
    sut.close()


def test_bfloat16_reaches_40_db(load: Load, reference: torch.nn.Module) -> None:
    mix = song(SEGMENT)
    try:
        sut = load(weights_of(reference, TINY), "bf16")
    except DeviceUnavailableError:
        pytest.skip("this CPU has no bfloat16 arithmetic")

    stems = sut.forward(mix[np.newaxis])[0]

    assert signal_to_noise(stock_segment(reference, mix), stems) >= 40


def test_networks_that_release_their_memory_give_the_same_bits(load: Load) -> None:
    networks: list[OpenvinoNetwork] = [load(weights_of(short(seed), SHORT)) for seed in range(2)]
    mix = song(RATE)[np.newaxis]
    before = [networks[0].forward(mix), networks[0].forward(mix), networks[1].forward(mix)]
    after = [networks[0].forward(mix), networks[1].forward(mix)]
    for network in networks:
        network.close()

    np.testing.assert_array_equal(before[0], before[1])
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[2], after[1])
    assert np.abs(before[0] - before[2]).max() > 1e-3
