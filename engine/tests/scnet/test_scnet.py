from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from separation_engine.architectures.scnet.description.settings import read_scnet_settings
from separation_engine.architectures.scnet.openvino.network import ScnetNetwork
from separation_engine.architectures.scnet.torch.layers import Scnet
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.common.errors import WeightsMismatchError
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import BackendSettings
from tests.scnet.weights import OTHER, SMALL, make_weights
from tests.sounds import impulses, noise, song

Load = Callable[[NetworkWeights], ScnetNetwork]

# what the authors' code makes of the same weights and song: four samples of each channel of each stem
PUBLISHED_SMALL = [-3.996446, 0.04123, -0.021769, 0.042901, -1.021224, -0.087979, 0.036004, -0.009728]
PUBLISHED_SMALL += [-5.458288, 0.082387, -0.027567, -0.045636, 4.145478, -0.000215, -0.035406, 0.039272]
PUBLISHED_SMALL += [-7.10029, -0.02976, -0.02271, 0.002278, 2.357407, 0.041843, -0.056714, -0.076219]
PUBLISHED_SMALL += [-6.619545, 0.009251, 0.001627, 0.02002, -1.46973, 0.005099, -0.007791, 0.151745]
PUBLISHED_OTHER = [3.200159, -0.014101, 1.743163, -3.393301, -4.654834, 0.649176, 0.962777, 0.504611]
PUBLISHED_OTHER += [-6.981741, 2.973125, -0.803021, -0.007509, -1.11343, 2.417272, -2.061242, 0.418606]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    cache = tmp_path_factory.mktemp("cache")

    def load(weights: NetworkWeights) -> ScnetNetwork:
        network = weights.load(OpenvinoBackend(BackendSettings("cpu", "fp32", Path(cache))))
        assert isinstance(network, ScnetNetwork)
        return network

    return load


def silence(samples: int) -> Samples:
    return np.zeros((2, samples), np.float32)


@pytest.mark.parametrize(
    ("settings", "published"), [(SMALL, PUBLISHED_SMALL), (OTHER, PUBLISHED_OTHER)], ids=["small", "other"]
)
def test_equals_the_published_network(
    load: Load, settings: dict[str, object], published: list[float]
) -> None:
    sut = load(make_weights(settings))
    mix = song(sut.segment_samples)[np.newaxis]

    stems = sut.forward(mix)

    some = stems[0][:, :, :: sut.segment_samples // 4 - 1][:, :, :4]
    np.testing.assert_allclose(some.ravel(), published, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(sut.forward(mix), stems)


@pytest.mark.parametrize("settings", [SMALL, OTHER], ids=["small", "other"])
@pytest.mark.parametrize("make", [song, silence, impulses, noise])
def test_openvino_equals_torch(
    load: Load, settings: dict[str, object], make: Callable[[int], Samples]
) -> None:
    weights = make_weights(settings)
    sut = load(weights)
    mixes = np.stack([make(sut.segment_samples), song(sut.segment_samples, seed=2)])

    stems = sut.forward(mixes)

    with torch.inference_mode():
        expected = Scnet(read_scnet_settings(weights), weights.tensors).eval()(torch.from_numpy(mixes))
    np.testing.assert_allclose(stems, expected.numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("loudness", [1e-30, 1e4, 1e30])
def test_finite_input_gives_finite_stems(load: Load, loudness: float) -> None:
    sut = load(make_weights(SMALL))

    assert np.isfinite(sut.forward(song(sut.segment_samples)[np.newaxis] * np.float32(loudness))).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("audio_channels", 1),
        ("normalized", False),
        ("win_size", 512),
        ("dims", [2, 8]),
        ("dims", [4]),
        ("num_dplayer", 3),
        ("conv_kernel", 4),
        ("band_SR", [0.5, 0.5]),
        ("band_SR", [0.0, 0.5, 0.5]),
        ("band_stride", [1, 4, 0]),
        ("band_kernel", [1, 2, 4]),
        ("hop_size", 0),
        ("use_masks", True),
    ],
)
def test_refuses_settings_that_it_would_compute_wrongly(name: str, value: object) -> None:
    weights = make_weights(SMALL)

    for runtime in ("openvino", "torch"):
        assert replace(weights, kwargs={**SMALL, name: value}).refusal(runtime) is not None


def test_refuses_tensors_that_do_not_fit(load: Load) -> None:
    weights = make_weights(SMALL)
    some = {name: value for name, value in weights.tensors.items() if name != "encoder.1.globalconv.bias"}

    with pytest.raises(WeightsMismatchError, match=r"encoder\.1\.globalconv\.bias"):
        load(replace(weights, tensors=some, sha256="1"))
