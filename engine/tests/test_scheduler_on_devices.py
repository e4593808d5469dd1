"""The scheduler with networks that compute asynchronously, as on a GPU."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from separation_engine.common.errors import DeviceLostError
from separation_engine.common.wav import WavReader
from separation_engine.networks.stem_block import PendingBlocks, StemBlock
from separation_engine.separating.request import Progress, SeparationRequest
from separation_engine.serving.scheduler import Scheduler
from tests.runs import (
    EchoNetwork,
    EchoSong,
    FixedModels,
    Listener,
    make_model,
    make_request,
    run_jobs,
)
from tests.sounds import RATE, song


def test_starts_the_next_batch_before_it_collects_the_last_one(tmp_path: Path) -> None:
    network, listener = EchoNetwork(max_batch=2, asynchronous=True), Listener()
    scheduler = Scheduler(FixedModels(make_model([network])), listener)
    scheduler.submit(make_request(tmp_path, song(3 * RATE), "job"))
    states = []
    while not scheduler.idle:
        scheduler.step()
        states.append((len(network.batches), len(listener.progress.get("job", []))))
    # batches started, chunks collected
    assert states == [(0, 0), (1, 0), (2, 2), (2, 4)]
    assert "job" in listener.results


def test_drops_the_batch_in_flight_of_a_cancelled_job(tmp_path: Path) -> None:
    waited_for: list[int] = []
    listener = Listener()
    network = EchoNetwork(asynchronous=True, on_wait=waited_for.append)
    scheduler = Scheduler(FixedModels(make_model([network])), listener)
    scheduler.submit(make_request(tmp_path, song(3 * RATE), "gone"))
    for _ in range(2):
        scheduler.step()
    scheduler.cancel("gone")
    scheduler.submit(make_request(tmp_path, song(RATE // 2), "next"))
    while not scheduler.idle:
        scheduler.step()
    assert (network.batches, waited_for, list(listener.results)) == ([1, 1], [2], ["next"])


def test_a_new_job_does_not_delay_the_batch_in_flight(tmp_path: Path) -> None:
    listener = Listener()
    model = make_model([EchoNetwork(asynchronous=True)])
    scheduler = Scheduler(FixedModels(model), listener)
    scheduler.submit(make_request(tmp_path, song(RATE // 2), "first"))
    for _ in range(2):
        scheduler.step()
    for job in ("second", "third"):
        scheduler.submit(make_request(tmp_path, song(RATE), job))
    scheduler.step()
    assert list(listener.results) == ["first"]


def test_a_failure_on_the_device_fails_only_its_jobs(tmp_path: Path) -> None:
    def fail_first(number: int) -> None:
        if number == 1:
            raise RuntimeError("the device fell off the bus")

    model = make_model([EchoNetwork(asynchronous=True, on_wait=fail_first)])
    requests = [make_request(tmp_path, song(3 * RATE), job) for job in ("first", "second")]
    listener = run_jobs(model, *requests)
    assert (list(listener.errors), list(listener.results)) == (["first"], ["second"])


@dataclass
class FirstSongFails(EchoNetwork):
    """The results of its first song cannot be collected."""

    error: BaseException = field(default_factory=RuntimeError)
    songs: int = 0

    def song(self, reader: WavReader, *, normalized: bool) -> EchoSong:
        self.songs += 1
        kind = EchoSong if self.songs > 1 else FailingSong
        return kind(self, reader, normalized=normalized)


class FailingSong(EchoSong):
    def finish(self, *_: object) -> PendingBlocks:
        return self._fail

    def _fail(self) -> Iterable[StemBlock]:
        assert isinstance(self.network, FirstSongFails)
        raise self.network.error


class SteppingThreadListener(Listener):
    """Requires that all events come from the main thread."""

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
    scheduler = Scheduler(FixedModels(make_model([network])), listener)
    for job in ("first", "second"):
        scheduler.submit(make_request(tmp_path, song(2 * RATE), job))
    return scheduler, listener


def test_one_job_of_a_batch_fails_alone(tmp_path: Path) -> None:
    scheduler, listener = failing_pair(tmp_path, RuntimeError("not collected"))
    while not scheduler.idle:
        scheduler.step()
    assert (list(listener.errors), list(listener.results)) == (["first"], ["second"])
    assert len(listener.progress["second"]) == 3


def test_a_device_lost_while_writing_ends_the_scheduler(tmp_path: Path) -> None:
    scheduler, listener = failing_pair(tmp_path, DeviceLostError("gone"))
    for _ in range(3):
        scheduler.step()
    with pytest.raises(DeviceLostError):
        scheduler.step()
    assert not listener.errors


def test_starts_a_full_batch_before_the_next_job(tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=2, asynchronous=True)
    scheduler = Scheduler(FixedModels(make_model([network])), Listener())
    for job in ("first", "second"):
        scheduler.submit(make_request(tmp_path, song(6 * RATE), job))
    scheduler.step()
    assert (network.batches, len(scheduler._active)) == ([], 1)
    scheduler.step()
    assert (network.batches, len(scheduler._active)) == ([2], 2)
