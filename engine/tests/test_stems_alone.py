"""A stem has the same bits alone as with the others, and costs less where the network allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch.utils.flop_counter import FlopCounterMode

from separation_engine.architectures.roformer.openvino.network import RoformerNetwork
from separation_engine.architectures.roformer.torch.layers import Roformer
from separation_engine.architectures.scnet.torch.layers import Scnet
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.models.library import ModelLibrary
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend, BackendSettings, Network
from tests.roformer.weights import OTHER, make_weights
from tests.sounds import song

WEIGHTS: dict[str, Callable[[], NetworkWeights]] = {
    "htdemucs": lambda: ModelLibrary(None).find("demo").read_weights(0),
    "bs_roformer": lambda: make_weights("bs", OTHER),
    "mel_band_roformer": lambda: make_weights("mel", OTHER),
    "scnet": lambda: ModelLibrary(None).find("demo_scnet").read_weights(0),
}
BACKENDS: dict[str, type[Backend]] = {"openvino": OpenvinoBackend, "torch": TorchBackend}


@pytest.fixture(scope="module", params=WEIGHTS)
def weights(request: pytest.FixtureRequest) -> NetworkWeights:
    return WEIGHTS[request.param]()


@pytest.fixture(scope="module", params=BACKENDS)
def sut(
    request: pytest.FixtureRequest, weights: NetworkWeights, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    cache: Path = tmp_path_factory.mktemp("cache")
    network = weights.load(BACKENDS[request.param](BackendSettings("cpu", "fp32", cache)))
    yield network
    network.close()


def test_a_stem_alone_has_the_same_bits(sut: Network) -> None:
    mixes = song(sut.segment_samples)[np.newaxis]
    whole = sut.forward(mixes)[0]

    assert np.abs(whole).max(axis=(1, 2)).min() > 1e-3
    for stems in ([0], [len(sut.sources) - 1], [0, len(sut.sources) - 1]):
        (found,) = sut.start(mixes, stems)
        np.testing.assert_array_equal(found[stems], whole[stems])


def test_a_stem_alone_is_the_only_one_whose_spectrum_is_inverted(
    sut: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(sut, TorchNetwork) and not isinstance(sut._module, (Roformer, Scnet)):
        pytest.skip("Demucs' layers make all stems at once")
    mixes = song(sut.segment_samples)[np.newaxis]
    spectra: list[Any] = []

    class Recorded:
        """A function that records its first argument."""

        def __init__(self, module: ModuleType, name: str) -> None:
            self._function = getattr(module, name)
            monkeypatch.setattr(module, name, self)

        def __call__(self, spectrum: object, *others: object, **named: object) -> object:
            spectra.append(spectrum)
            return self._function(spectrum, *others, **named)

    def count(stems: Sequence[int]) -> int:
        spectra.clear()
        sut.start(mixes, stems)
        return sum(int(np.prod(spectrum.shape)) for spectrum in spectra)

    Recorded(np.fft, "irfft")
    Recorded(torch, "istft")
    assert 0 < count([1]) * len(sut.sources) == count(range(len(sut.sources)))


def test_a_roformer_runs_the_mask_of_the_stem_alone(sut: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    mixes = song(sut.segment_samples)[np.newaxis]
    if isinstance(sut, RoformerNetwork):
        monkeypatch.setattr(sut._masks[0], "run", None)
        sut.start(mixes, [1])
    elif isinstance(sut, TorchNetwork) and isinstance(sut._module, Roformer):
        alone, both = (operations(sut, stems) for stems in ([1], [0, 1]))
        assert operations(sut, [0]) == alone < both
    else:
        pytest.skip("this network has no masks")


def operations(sut: Network, stems: Sequence[int]) -> int:
    with FlopCounterMode(display=False) as counter:
        sut.start(song(sut.segment_samples)[np.newaxis], stems)
    return int(counter.get_total_flops())
