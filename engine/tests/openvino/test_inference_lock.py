from __future__ import annotations

import numpy as np
import pytest

from separation_engine.architectures.htdemucs.openvino.network import OpenvinoNetwork
from separation_engine.backends.openvino.inference_lock import Turns
from tests.models import SHORT, short
from tests.openvino.conftest import Load, weights_of
from tests.sounds import RATE, song


class Network:
    """Counts how often it rests."""

    def __init__(self) -> None:
        self.rests = 0

    def rest(self) -> None:
        self.rests += 1


@pytest.fixture
def sut() -> Turns:
    return Turns()


def test_a_network_rests_when_another_has_its_turn(sut: Turns) -> None:
    first, second = Network(), Network()
    for network in (first, first, second, second, first):
        with sut.take(network):
            pass

    assert (first.rests, second.rests) == (1, 1)


def test_one_that_left_does_not_rest(sut: Turns) -> None:
    first, second = Network(), Network()
    with sut.take(first):
        pass
    sut.leave(first)
    with sut.take(second):
        pass

    assert first.rests == 0


def test_networks_that_rest_give_the_same_bits(load: Load) -> None:
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
