from __future__ import annotations

import os
import queue
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.common.errors import (
    CancelledError,
    InvalidInputError,
    OutOfDiskError,
    OutOfMemoryError,
)
from separation_engine.common.wav import Samples
from separation_engine.separating.request import SeparationRequest, SeparationResult
from separation_engine.serving.job import Job
from separation_engine.serving.protocol import Cancel
from separation_engine.serving.scheduler import Scheduler
from separation_engine.serving.server import take_commands
from tests.runs import (
    EchoNetwork,
    FixedModels,
    Listener,
    make_model,
    make_request,
    run_jobs,
    run_one,
)
from tests.sounds import RATE, read_wav, song


def test_jobs_take_turns(tmp_path: Path) -> None:
    requests = [make_request(tmp_path, song(4 * RATE), job) for job in ("a", "b", "c")]
    listener = run_jobs(make_model([EchoNetwork()]), *requests)
    assert listener.order[:9] == ["a", "b", "c"] * 3


def test_a_short_job_does_not_wait_for_a_long_one(tmp_path: Path) -> None:
    long, brief = make_request(tmp_path, song(20 * RATE), "long"), make_request(tmp_path, song(RATE), "brief")
    listener = run_jobs(make_model([EchoNetwork()]), long, brief)
    assert list(listener.results) == ["brief", "long"]


def test_segments_of_several_jobs_share_a_batch(tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=4)
    run_jobs(make_model([network]), *(make_request(tmp_path, song(RATE // 2), job) for job in "abcdef"))
    assert network.batches == [4, 2]


def test_one_long_job_fills_the_batch_alone(tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=4)
    run_jobs(make_model([network]), make_request(tmp_path, song(6 * RATE), "a"))
    assert network.batches == [4, 4]


def test_a_bag_that_starts_on_a_full_device_fills_its_batches_later(tmp_path: Path) -> None:
    networks = [EchoNetwork(full_batch=4), EchoNetwork(full_batch=4)]
    scheduler = Scheduler(FixedModels(make_model(networks)), Listener())
    scheduler.submit(make_request(tmp_path, song(6 * RATE)))
    scheduler.step()
    for network in networks:
        network.max_batch = 4
    while not scheduler.idle:
        scheduler.step()
    assert [network.batches for network in networks] == [[4, 4], [4, 4]]


def test_asks_for_the_stems_that_its_jobs_need(tmp_path: Path) -> None:
    network = EchoNetwork(max_batch=2)
    wanted = {"a": ["instrumental"], "b": ["drums"]}
    requests = [make_request(tmp_path, song(RATE // 2), job, stems=stems) for job, stems in wanted.items()]
    run_jobs(make_model([network]), *requests)
    assert network.asked == [[0, 3]]


def test_asks_each_network_for_the_stems_that_it_makes(tmp_path: Path) -> None:
    first, second = EchoNetwork(), EchoNetwork()
    model = make_model([first, second], bag_weights=[[1, 0, 0.5, 0], [0, 1, 0.5, 1]])
    run_jobs(model, make_request(tmp_path, song(RATE // 2), stems=["drums", "other", "vocals"]))
    assert (first.asked, second.asked) == ([[0, 2]], [[2, 3]])


def started(folder: Path, network: EchoNetwork, *lengths: int) -> Scheduler:
    """A scheduler whose jobs, one per length, wait for their first batch."""
    scheduler = Scheduler(FixedModels(make_model([network])), Listener())
    for index, samples in enumerate(lengths):
        scheduler.submit(make_request(folder, song(samples), f"job{index}"))
        scheduler.step()
    return scheduler


@pytest.mark.parametrize(
    ("max_batch", "lengths"),
    [(4, [RATE // 2]), (1, [RATE // 2] * 2), (4, [RATE // 2] * 4), (4, [RATE // 2, 6 * RATE])],
    ids=["a job alone", "no batches", "a batch of four jobs", "a batch that a long job fills"],
)
def test_a_full_batch_does_not_wait(tmp_path: Path, max_batch: int, lengths: list[int]) -> None:
    assert started(tmp_path, EchoNetwork(max_batch=max_batch), *lengths).fill_seconds() == 0


def test_a_partial_batch_waits_20_ms_in_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = started(tmp_path, EchoNetwork(max_batch=4), RATE // 2, RATE // 2)
    now = 100.0
    monkeypatch.setattr("separation_engine.serving.scheduler.time.monotonic", lambda: now)
    assert scheduler.fill_seconds() == pytest.approx(0.02)
    now += 0.015
    assert scheduler.fill_seconds() == pytest.approx(0.005)
    now += 0.015
    assert scheduler.fill_seconds() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_has_its_own_code(tmp_path: Path) -> None:
    request = make_request(tmp_path, song(RATE))
    request.output_dir.mkdir()
    for stem in request.stems:
        (request.output_dir / f"{stem}.wav").symlink_to("/dev/full")
    with pytest.raises(OutOfDiskError, match="the disk is full"):
        run_one(make_model([EchoNetwork()]), request)


def test_a_job_that_arrives_while_a_batch_waits_joins_it(tmp_path: Path) -> None:
    late = make_request(tmp_path, song(RATE // 2), "late")

    class LateMessage(queue.SimpleQueue[SeparationRequest | Cancel]):
        """Empty at first. A command arrives as soon as somebody waits."""

        def get(self, block: bool = True, timeout: float | None = None) -> SeparationRequest | Cancel:
            assert timeout is not None
            if arrivals:
                return arrivals.pop()
            return super().get(block, timeout)

    arrivals: list[SeparationRequest] = [late]
    network = EchoNetwork(max_batch=4)
    scheduler = started(tmp_path, network, RATE // 2, RATE // 2)
    messages = LateMessage()
    while not scheduler.idle:
        take_commands(scheduler, messages, lambda _: True)
        scheduler.step()
    assert network.batches == [3]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_cancelled_job_ends_at_once_without_affecting_others(tmp_path: Path, asynchronous: bool) -> None:
    model = make_model([EchoNetwork(max_batch=3, asynchronous=asynchronous)])
    mix = song(8 * RATE)
    expected, _ = run_one(model, make_request(tmp_path / "alone", mix, "kept"))
    listener = Listener()
    scheduler = Scheduler(FixedModels(model), listener)
    for job in ("kept", "cancelled", "waiting"):
        scheduler.submit(make_request(tmp_path, mix, job))
    scheduler.cancel("waiting")
    for _ in range(4):
        scheduler.step()
    assert len(listener.progress["cancelled"]) > 0
    scheduler.cancel("cancelled")
    scheduler.cancel("never heard of")
    assert {job: type(error) for job, error in listener.errors.items()} == {
        "waiting": CancelledError,
        "cancelled": CancelledError,
    }
    done_before = len(listener.progress["cancelled"])
    while not scheduler.idle:
        scheduler.step()
    assert len(listener.progress["cancelled"]) == done_before
    assert list(listener.results) == ["kept"]
    for stem in listener.results["kept"].stems:
        assert np.array_equal(read_wav(stem.path), expected[stem.name])


def test_a_job_that_fails_leaves_the_others(tmp_path: Path) -> None:
    broken = make_request(tmp_path, song(RATE), "broken")
    broken.input.write_bytes(b"no song")
    listener = run_jobs(make_model([EchoNetwork()]), broken, make_request(tmp_path, song(RATE), "good"))
    assert (list(listener.errors), list(listener.results)) == (["broken"], ["good"])


@pytest.mark.parametrize("max_batch", [1, 4])
def test_a_song_that_shrinks_fails_alone(tmp_path: Path, max_batch: int) -> None:
    cut, whole = (make_request(tmp_path, song(5 * RATE), job) for job in ("cut", "whole"))
    listener = Listener()
    model = make_model([EchoNetwork(max_batch=max_batch)])
    scheduler = Scheduler(FixedModels(model), listener)
    for request in (cut, whole):
        scheduler.submit(request)
        scheduler.step()
    os.truncate(cut.input, RATE)
    while not scheduler.idle:
        scheduler.step()
    assert isinstance(listener.errors["cut"], InvalidInputError)
    assert list(listener.results) == ["whole"]


def test_a_result_that_cannot_be_reported_is_an_error(tmp_path: Path) -> None:
    class Broken(Listener):
        def finished(self, job: Job, result: SeparationResult) -> None:
            raise ValueError(f"cannot encode {result} of {job}")

    listener = Broken()
    scheduler = Scheduler(FixedModels(make_model([EchoNetwork()])), listener)
    scheduler.submit(make_request(tmp_path, song(RATE), "job"))
    while not scheduler.idle:
        scheduler.step()
    assert isinstance(listener.errors["job"], ValueError)


def test_drops_a_batch_whose_job_cannot_be_joined(tmp_path: Path) -> None:
    @dataclass
    class Full(EchoNetwork):
        """Runs out of memory at the second segment."""

        joined: int = 0

        def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
            network = self

            class Sums(NumpyAccumulator):
                def take(self, samples: int) -> Samples:
                    network.joined += 1
                    if network.joined == 2:
                        raise OutOfMemoryError("full")
                    return super().take(samples)

            return Sums(stems, span)

    network, listener = Full(max_batch=4, asynchronous=True), Listener()
    scheduler = Scheduler(FixedModels(make_model([network])), listener)
    scheduler.submit(make_request(tmp_path, song(6 * RATE), "job"))
    while not scheduler.idle:
        scheduler.step()
    assert isinstance(listener.errors["job"], OutOfMemoryError)
    assert network.joined == 2
    assert scheduler._in_flight is None


def test_running_out_of_host_memory_is_an_engine_error(tmp_path: Path) -> None:
    @dataclass
    class Hungry(EchoNetwork):
        def forward(self, mixes: Samples) -> Samples:
            raise MemoryError(mixes.nbytes)

    listener = run_jobs(make_model([Hungry()]), make_request(tmp_path, song(RATE), "job"))
    assert isinstance(listener.errors["job"], OutOfMemoryError)


def test_releases_models_that_no_job_uses(tmp_path: Path) -> None:
    used: list[set[str]] = []

    class Models(FixedModels):
        def release(self, used_now: set[str]) -> None:
            used.append(used_now)

    first, second = make_model([EchoNetwork()], "first"), make_model([EchoNetwork()], "second")
    scheduler = Scheduler(Models(first, second), Listener())
    scheduler.submit(make_request(tmp_path, song(3 * RATE), "a", model="first"))
    scheduler.submit(make_request(tmp_path, song(RATE), "b", model="second"))
    while not scheduler.idle:
        scheduler.step()
    assert used == [{"first"}, set()]
