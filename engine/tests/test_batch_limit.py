"""Batches of a network on a device whose memory others use too."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.backends.torch.batch_limit import _PATIENCE, BatchLimit
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.networks.architecture import NetworkSettings
from tests.runs import SOURCES
from tests.sounds import RATE

MOST = 16
# samples of a segment; more of them would only take time
SAMPLES = 4
# forwards until the engine must have used the memory that became free
SOON = 100


class Device:
    """Its memory in bytes, and the sizes of the batches that it got.

    segment_bytes: what a segment really takes. fails_next: whether the next batch fails even if it fits.
    """

    def __init__(self, spare: float, segment_bytes: int = 100) -> None:
        self.spare = spare
        self.segment_bytes = segment_bytes
        self.batches: list[int] = []
        self.failures = 0
        self.fails_next = False
        settings = NetworkSettings(
            ARCHITECTURES["demucs.htdemucs.HTDemucs"],
            ([*SOURCES],),
            {"samplerate": RATE, "segment": Fraction(SAMPLES, RATE)},
        )
        self.network = TorchNetwork(
            torch.nn.Identity(), settings, torch.device("cpu"), "fp32", self._separate
        )
        # expects each segment to take 100 bytes
        self.network.limit = BatchLimit(MOST, 100, lambda: int(self.spare))

    def _separate(self, _: torch.nn.Module, mixes: torch.Tensor, __: Sequence[int]) -> torch.Tensor:
        if self.fails_next or len(mixes) * self.segment_bytes > self.spare:
            self.fails_next = False
            self.failures += 1
            raise torch.cuda.OutOfMemoryError
        self.batches.append(len(mixes))
        return mixes[:, None].expand(-1, len(SOURCES), -1, -1)

    def run(self, segments: int, times: int = 1) -> None:
        mixes = np.zeros((segments, 2, SAMPLES), np.float32)
        for _ in range(times):
            assert len(self.network.start(mixes, range(4))) == segments


def test_batches_grow_back_once_memory_is_free() -> None:
    device = Device(spare=MOST * 100)
    device.spare = 3 * 100
    device.run(MOST)
    assert device.network.max_batch == 2
    device.spare = MOST * 150
    device.run(MOST, times=SOON)
    assert device.network.max_batch == MOST
    assert device.batches[-1] == MOST
    assert device.failures == 3


def test_a_device_that_was_full_at_first_is_used_fully_later() -> None:
    device = Device(spare=3 * 100)
    assert device.network.max_batch == 3
    device.spare = MOST * 100
    device.run(MOST, times=SOON)
    assert device.network.max_batch == MOST
    assert device.failures == 0


def test_batches_stay_small_while_memory_is_short() -> None:
    device = Device(spare=MOST * 100)
    device.spare = 3 * 100
    device.run(MOST, times=SOON)
    assert device.network.max_batch <= 3
    # 16, 8 and 4, and none later
    assert device.failures == 3


def test_learns_what_a_segment_really_takes() -> None:
    device = Device(spare=MOST * 100, segment_bytes=250)
    device.run(MOST, times=SOON)
    assert max(device.batches) * 250 <= MOST * 100
    # 16 and 8, and one try in a while
    assert device.failures <= 2 + len(device.batches) // (2 * _PATIENCE)


def test_a_failure_with_another_cause_is_forgotten() -> None:
    device = Device(spare=MOST * 1000)
    for _ in range(4):
        # by the time the engine looks, the memory is free again
        device.fails_next = True
        device.run(MOST)
        assert device.network.max_batch == MOST // 2
        device.run(MOST, times=SOON)
        assert device.network.max_batch == MOST


def test_half_empty_batches_tell_nothing_about_larger_ones() -> None:
    device = Device(spare=MOST * 100)
    device.spare = 10 * 100
    device.run(MOST)
    assert device.network.max_batch == 8
    device.spare = MOST * 150
    device.run(3, times=SOON)
    assert device.network.max_batch == 8


@pytest.mark.parametrize("spare", [0, 50])
def test_a_batch_has_at_least_one_segment(spare: int) -> None:
    assert Device(spare=spare).network.max_batch == 1
