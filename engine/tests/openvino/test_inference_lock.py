from __future__ import annotations

import pytest

from separation_engine.backends.openvino.inference import InferenceLock


class Network:
    """Counts how often it releases its memory."""

    def __init__(self) -> None:
        self.releases = 0

    def release_memory(self) -> None:
        self.releases += 1


@pytest.fixture
def sut() -> InferenceLock:
    return InferenceLock()


def test_a_network_releases_its_memory_when_another_one_runs(sut: InferenceLock) -> None:
    first, second = Network(), Network()
    for network in (first, first, second, second, first):
        with sut.hold(network):
            pass

    assert (first.releases, second.releases) == (1, 1)


def test_a_closed_network_is_forgotten(sut: InferenceLock) -> None:
    first, second = Network(), Network()
    with sut.hold(first):
        pass
    sut.forget(first)
    with sut.hold(second):
        pass

    assert first.releases == 0
