"""A segment of digital silence costs nothing, and has the bits that it would have otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from separation_engine.common.settings import Settings
from separation_engine.common.wav import Samples
from separation_engine.networks.interface import DeviceSamples, Mixes
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.serving.constant_segments import ConstantSegments
from separation_engine.serving.model_cache import ModelCache
from tests.runs import EchoNetwork, make_model, make_request, run_jobs, run_one
from tests.sounds import RATE, song

SILENT_SEGMENTS = 2


def with_silence(samples: int) -> Samples:
    """A song with this much silence before, inside and after it."""
    pause, sound = np.zeros((2, samples), np.float32), song(samples // 4)
    return np.concatenate([pause, sound, pause, sound, pause], 1)


def silence(samples: int) -> Samples:
    return np.zeros((2, 2 * samples), np.float32)


@pytest.fixture(
    scope="module",
    params=[
        ("demo", "openvino"),
        ("demo_roformer", "openvino"),
        ("demo_scnet", "openvino"),
        ("demo_roformer", "torch"),
    ],
    ids=" on ".join,
)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedModel]:
    name, backend = request.param
    cache = tmp_path_factory.mktemp("cache")
    loaded = ModelCache(Settings(None, cache, name, "cpu", backend, "fp32", "info")).load(name)
    yield loaded
    for network in loaded.networks.values():
        network.close()


@pytest.mark.parametrize("make", [with_silence, silence])
def test_silence_costs_nothing_and_has_the_same_bits(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[int], Samples]
) -> None:
    (network,) = model.networks.values()
    inputs: list[bytes] = []
    original = network.start

    def start(mixes: Mixes, stems: Sequence[int]) -> Sequence[DeviceSamples]:
        inputs.append(np.stack([np.asarray(mix) for mix in mixes]).tobytes())
        return original(mixes, stems)

    monkeypatch.setattr(network, "start", start)
    mix = make(SILENT_SEGMENTS * model.segment_samples)
    request = make_request(tmp_path, mix, model=model.name, stems=model.sources)
    found, result = run_one(model, request)
    runs = [*inputs]
    inputs.clear()
    monkeypatch.setattr(ConstantSegments, "start", lambda _, network, *of: network.start(*of))
    expected, computed = run_one(model, request)

    constants = [one for one in inputs if len(set(np.frombuffer(one, np.float32).tolist())) <= 2]
    assert len(set(constants)) == 1
    assert len(constants) >= SILENT_SEGMENTS
    assert len(runs) == len(inputs) - len(constants) + 1
    for name, stem in expected.items():
        np.testing.assert_array_equal(found[name], stem)
    assert (result.gain_db, result.residual_db) == (computed.gain_db, computed.residual_db)


def test_batches_run_as_they_are(tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=2)
    run_jobs(make_model([network]), make_request(tmp_path, silence(2 * RATE)))
    assert network.batches == [2, 2, 2]


def test_keeps_a_segment_for_each_network_of_a_bag(tmp_path: Path) -> None:
    networks = [EchoNetwork(levels=(1, 0, 0, 0)), EchoNetwork(levels=(0, 0.5, 0.5, 0))]
    model = make_model(networks, bag_weights=[[1, 0, 0, 0], [0, 1, 1, 1]])
    run_jobs(model, make_request(tmp_path, silence(2 * RATE)))
    assert [network.batches for network in networks] == [[1], [1]]


def test_computes_other_constants_again() -> None:
    network, sut = EchoNetwork(), ConstantSegments()
    for left, right, stems in [(0, 0, [0]), (0, 1, [0]), (0, 1, [1]), (0, -0.0, [1]), (0, -0.0, [1])]:
        mixes = np.stack([np.full(RATE, left, np.float32), np.full(RATE, right, np.float32)])[np.newaxis]
        (estimate,) = sut.start(network, mixes, stems)
        np.testing.assert_array_equal(estimate, network.forward(mixes)[0])
    # half of them are of the comparison
    assert len(network.batches) == 5 + 4
    sut.forget()
    sut.start(network, mixes, [1])
    assert len(network.batches) == 5 + 5
