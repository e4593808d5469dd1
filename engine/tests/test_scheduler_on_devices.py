"""The scheduler with networks on a device, which works on what was started."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from separation_engine.backends.base import PendingSamples
from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.errors import DeviceLostError
from separation_engine.separating.request import Progress, SeparationRequest
from separation_engine.serving.scheduler import Scheduler
from separation_engine.wav import Samples
from tests.runs import (
    EchoAccumulator,
    EchoNetwork,
    FixedModels,
    Listener,
    make_model,
    make_request,
    run_jobs,
)
from tests.sounds import RATE, song


def test_a_device_has_its_next_batch_before_the_last_one_is_taken_back(tmp_path: Path) -> None:
    network, listener = EchoNetwork(max_batch=2, asynchronous=True), Listener()
    scheduler = Scheduler(FixedModels(make_model([network])), listener, lambda _: None)
    scheduler.submit(make_request(tmp_path, song(3 * RATE), "job"))
    states = []
    while not scheduler.idle:
        scheduler.step()
        states.append((len(network.batches), len(listener.progress.get("job", []))))
    # batches started, chunks taken back
    assert states == [(0, 0), (1, 0), (2, 2), (2, 4)]
    assert "job" in listener.results


def test_what_is_under_way_for_jobs_that_are_gone_is_dropped(tmp_path: Path) -> None:
    waited_for: list[int] = []
    listener = Listener()
    network = EchoNetwork(asynchronous=True, on_wait=waited_for.append)
    scheduler = Scheduler(FixedModels(make_model([network])), listener, lambda _: None)
    scheduler.submit(make_request(tmp_path, song(3 * RATE), "gone"))
    for _ in range(2):
        scheduler.step()
    scheduler.cancel("gone")
    scheduler.submit(make_request(tmp_path, song(RATE // 2), "next"))
    while not scheduler.idle:
        scheduler.step()
    assert (network.batches, waited_for, list(listener.results)) == ([1, 1], [2], ["next"])


def test_a_song_that_comes_does_not_hold_up_what_is_under_way(tmp_path: Path) -> None:
    listener = Listener()
    model = make_model([EchoNetwork(asynchronous=True)])
    scheduler = Scheduler(FixedModels(model), listener, lambda _: None)
    scheduler.submit(make_request(tmp_path, song(RATE // 2), "first"))
    for _ in range(2):
        scheduler.step()
    for job in ("second", "third"):
        scheduler.submit(make_request(tmp_path, song(RATE), job))
    scheduler.step()
    assert list(listener.results) == ["first"]


def test_what_fails_on_a_device_fails_its_jobs_and_no_others(tmp_path: Path) -> None:
    def fail_first(number: int) -> None:
        if number == 1:
            raise RuntimeError("the device fell off the bus")

    model = make_model([EchoNetwork(asynchronous=True, on_wait=fail_first)])
    requests = [make_request(tmp_path, song(3 * RATE), job) for job in ("first", "second")]
    listener = run_jobs(model, *requests)
    assert (list(listener.errors), list(listener.results)) == (["first"], ["second"])


@dataclass
class FirstSongFails(EchoNetwork):
    """What it makes of its first song cannot be taken back."""

    error: BaseException = field(default_factory=RuntimeError)
    songs: int = 0

    def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
        self.songs += 1
        if self.songs > 1:
            return super().accumulator(stems, span)
        return FailingAccumulator(self, stems, span)


class FailingAccumulator(EchoAccumulator):
    def take(self, samples: int) -> PendingSamples:
        super().take(samples)
        return self._fail

    def _fail(self) -> Samples:
        assert isinstance(self._network, FirstSongFails)
        raise self._network.error


class SteppingThreadListener(Listener):
    """Hears nothing from the threads that read and write."""

    def progressed(self, request: SeparationRequest, progress: Progress) -> None:
        assert threading.current_thread() is threading.main_thread()
        super().progressed(request, progress)

    def failed(self, request: SeparationRequest, error: Exception) -> None:
        assert threading.current_thread() is threading.main_thread()
        super().failed(request, error)


def failing_pair(tmp_path: Path, error: BaseException) -> tuple[Scheduler, Listener]:
    """Two jobs that share a batch."""
    network = FirstSongFails(max_batch=4, asynchronous=True, error=error)
    listener = SteppingThreadListener()
    scheduler = Scheduler(FixedModels(make_model([network])), listener, lambda _: None)
    for job in ("first", "second"):
        scheduler.submit(make_request(tmp_path, song(2 * RATE), job))
    return scheduler, listener


def test_of_jobs_in_one_batch_one_fails_alone(tmp_path: Path) -> None:
    scheduler, listener = failing_pair(tmp_path, RuntimeError("not taken back"))
    while not scheduler.idle:
        scheduler.step()
    assert (list(listener.errors), list(listener.results)) == (["first"], ["second"])
    assert len(listener.progress["second"]) == 3


def test_a_device_that_is_lost_while_a_batch_is_written_ends_the_steps(tmp_path: Path) -> None:
    scheduler, listener = failing_pair(tmp_path, DeviceLostError("gone"))
    for _ in range(3):
        scheduler.step()
    with pytest.raises(DeviceLostError):
        scheduler.step()
    assert not listener.errors


def test_a_device_has_a_full_batch_before_the_next_job_starts(tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=2, asynchronous=True)
    scheduler = Scheduler(FixedModels(make_model([network])), Listener(), lambda _: None)
    for job in ("first", "second"):
        scheduler.submit(make_request(tmp_path, song(6 * RATE), job))
    scheduler.step()
    assert (network.batches, len(scheduler._active)) == ([], 1)
    scheduler.step()
    assert (network.batches, len(scheduler._active)) == ([2], 2)
