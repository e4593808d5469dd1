from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from separation_engine.backends.base import PendingStems, Samples
from separation_engine.backends.torch_backend import TorchNetwork
from separation_engine.errors import OutOfMemoryError
from tests.models import SHORT, short, write_model
from tests.runs import torch_network
from tests.sounds import RATE, song


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models"), "short", [short()], settings=SHORT, checked=False)


@pytest.fixture
def network(weights_dir: Path) -> TorchNetwork:
    return torch_network(weights_dir)


def test_halves_the_batch_when_the_device_is_full(
    network: TorchNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixes = np.stack([song(RATE, seed=index) for index in range(5)])
    expected = network.forward(mixes)
    sizes = fail_above(network, 2, monkeypatch)
    network.max_batch = 8
    assert np.allclose(network.forward(mixes), expected, atol=1e-6)
    assert sizes == [5, 2, 2, 1]
    assert network.max_batch == 2


def test_gives_up_when_not_even_one_segment_fits(
    network: TorchNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_above(network, 0, monkeypatch)
    network.max_batch = 4
    with pytest.raises(OutOfMemoryError):
        network.forward(np.zeros((3, 2, RATE), np.float32))


def test_bf16_stays_close_to_fp32(weights_dir: Path, network: TorchNetwork) -> None:
    mixes = song(RATE)[np.newaxis]
    expected = network.forward(mixes)
    rough = torch_network(weights_dir, "bf16").forward(mixes)
    error = np.square(rough - expected).sum() / np.square(expected).sum()
    assert 0 < error < 10 ** (-25 / 10)


def fail_above(network: TorchNetwork, most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """There is no CUDA device to fill here: batches above `most` fail as on a full one."""
    sizes: list[int] = []
    start: Callable[[Samples], PendingStems] = network._start

    def limited(mixes: Samples) -> PendingStems:
        sizes.append(len(mixes))
        if len(mixes) > most:
            raise torch.cuda.OutOfMemoryError
        return start(mixes)

    monkeypatch.setattr(network, "_start", limited)
    return sizes
