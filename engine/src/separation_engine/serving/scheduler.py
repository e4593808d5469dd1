"""Runs the segments of all active jobs in turn, batching them if the network supports it.

On a GPU the next forward starts before the results of the last one are written, so the GPU never idles. The
files of several jobs in one batch are read and written in parallel.
"""

from __future__ import annotations

import errno
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from separation_engine.common.device import cpu_limit
from separation_engine.common.errors import CancelledError, OutOfDiskError, OutOfMemoryError
from separation_engine.networks.interface import DeviceSamples
from separation_engine.networks.stem_block import PendingBlocks
from separation_engine.separating.recipe_run import RecipeRun
from separation_engine.separating.request import Progress, SeparationRequest
from separation_engine.separating.separation import Chunk, Separation
from separation_engine.serving.activity import Activity
from separation_engine.serving.constant_segments import ConstantSegments
from separation_engine.serving.job import Job, JobListener, ModelSource

_LOG = logging.getLogger(__name__)
_MAX_ACTIVE = 16
_Done = TypeVar("_Done")
# how long a partial batch may wait for segments of other jobs
_FILL_SECONDS = 0.02


@dataclass(frozen=True)
class _Forward:
    """A batch on the device, with the pending result of each chunk, in order."""

    joined: Sequence[tuple[Job, PendingBlocks]]
    asynchronous: bool


class Scheduler:
    """Used by one thread. The caller can check for messages between steps.

    A step takes about as long as one forward or the start of one job.
    """

    def __init__(
        self,
        models: ModelSource,
        listener: JobListener,
        before_forward: Callable[[SeparationRequest], None] = lambda _: None,
        activity: Activity | None = None,
    ) -> None:
        self._models = models
        self._listener = listener
        self._before_forward = before_forward
        self._activity = activity or Activity()
        self._waiting: deque[SeparationRequest] = deque()
        self._active: deque[Job] = deque()
        # starts threads on first use only
        self._file_threads = ThreadPoolExecutor(min(_MAX_ACTIVE, cpu_limit()), "job")
        self._constant_segments = ConstantSegments()
        self._in_flight: _Forward | None = None
        self._filling_since: float | None = None

    @property
    def idle(self) -> bool:
        return not self._waiting and not self._active

    def fill_seconds(self) -> float:
        """How long the next batch may still wait for another job; 0 means run it now.

        Only a partial batch of several jobs waits, for 20 ms at most: in a burst, one more job is worth more
        than that. A single job, and a network without batches, never wait.
        """
        if self._waiting or len(self._runnable) < 2 or self._is_batch_full():
            return 0.0
        now = time.monotonic()
        self._filling_since = self._filling_since or now
        return max(0.0, self._filling_since + _FILL_SECONDS - now)

    def submit(self, request: SeparationRequest) -> None:
        self._waiting.append(request)

    def cancel(self, job_id: str) -> None:
        """End the job at once. Ignores unknown jobs, which have already ended."""
        error = CancelledError("the separation was cancelled")
        for request in [request for request in self._waiting if request.id == job_id]:
            self._waiting.remove(request)
            self._listener.failed(request, error)
        for job in [job for job in self._active if job.request.id == job_id]:
            self._fail(job, error)

    def step(self) -> None:
        """Start a waiting job or a batch, or both on a device, and finish the batch in flight."""
        self._begin_nodes()
        before, self._in_flight = self._in_flight, None
        # a full batch does not wait for another job to start
        if self._runnable and self._fills_a_device():
            self._in_flight = self._start_forward()
        starts = bool(self._waiting) and len(self._active) < _MAX_ACTIVE
        if starts:
            self._start(self._waiting.popleft())
        if self._runnable and not self._in_flight and (before or not starts):
            self._in_flight = self._start_forward()
        if before:
            self._finish_forward(before)
        if self._in_flight and not self._in_flight.asynchronous:
            started, self._in_flight = self._in_flight, None
            self._finish_forward(started)

    def _start(self, request: SeparationRequest) -> None:
        started = time.monotonic()
        try:
            if recipe := self._models.find_recipe(request.model):
                job = Job(request, RecipeRun(request, recipe), started, 0.0)
            else:
                model = self._models.load(request.model, request.stems)
                loaded = time.monotonic()
                # reads the whole song
                self._activity.begin()
                job = Job(request, Separation(request, model), started, loaded - started)
        except Exception as error:
            self._listener.failed(request, _as_engine_error(error))
            self._release()
            return
        self._active.append(job)

    def _begin_nodes(self) -> None:
        """Load the next model of every recipe that waits for one."""
        for job in list(self._active):
            if isinstance(job.separation, RecipeRun) and (node := job.separation.next_node):
                # the model of the last node is in nobody's use now
                self._release()
                with self._failing(job):
                    began = time.monotonic()
                    model = self._models.load(node.model, node.stems)
                    job.load_seconds += time.monotonic() - began
                    # reads the whole song, and may write one
                    self._activity.begin()
                    job.separation.begin(model)

    @property
    def _runnable(self) -> list[Job]:
        """The active jobs that still have chunks to run, in turn."""
        return [job for job in self._active if job.separation.next_chunk]

    def _is_batch_full(self) -> bool:
        """Whether the active jobs have enough segments for a full batch."""
        first = self._next_chunk()
        found = sum(job.separation.count_batchable(first, first.network.max_batch) for job in self._runnable)
        return found >= first.network.max_batch

    def _fills_a_device(self) -> bool:
        return self._next_chunk().network.asynchronous and self._is_batch_full()

    def _next_chunk(self) -> Chunk:
        return next(chunk for job in self._active if (chunk := job.separation.next_chunk))

    def _start_forward(self) -> _Forward | None:
        """None if it failed, and its jobs with it."""
        self._filling_since = None
        network = self._next_chunk().network
        batch = self._collect()
        jobs = list(dict.fromkeys(job for job, _, _ in batch))
        if not jobs:
            return None
        self._activity.begin(segments=len(batch))
        try:
            for job in jobs:
                self._before_forward(job.request)
            stems = sorted({stem for _, chunk, _ in batch for stem in chunk.stems})
            mixes = [mix for _, _, mix in batch]
            estimates = self._constant_segments.start(network, mixes, stems)
        except Exception as error:
            for job in jobs:
                self._fail(job, error)
            return None
        joined: list[tuple[Job, PendingBlocks]] = []
        for (job, _, _), estimate in zip(batch, estimates, strict=True):
            if job in self._active:
                with self._failing(job):
                    joined.append((job, job.separation.join(estimate)))
        # results of failed jobs would otherwise stay on an idle device
        joined = [(job, done) for job, done in joined if job in self._active]
        return _Forward(joined, network.asynchronous) if joined else None

    def _finish_forward(self, forward: _Forward) -> None:
        joined: dict[Job, list[PendingBlocks]] = {}
        for job, done in forward.joined:
            # it may have ended in the meantime
            if job in self._active:
                joined.setdefault(job, []).append(done)
        written = {job: _write(job.separation, dones) for job, dones in joined.items()}
        for job, progress_of in self._in_parallel(written).items():
            with self._failing(job):
                for progress in progress_of():
                    self._tell(job, progress)

    def _collect(self) -> list[tuple[Job, Chunk, DeviceSamples]]:
        """The first job's next chunk, plus matching chunks of all jobs in turn, up to a full batch."""
        first = self._next_chunk()
        chunks: dict[Job, list[Chunk]] = {}
        room, found = first.network.max_batch, True
        while found and room:
            found = False
            for job in list(self._active):
                chunk = job.separation.next_chunk
                if chunk and chunk.can_batch_with(first) and room:
                    chunks.setdefault(job, []).append(job.separation.hand_out())
                    room, found = room - 1, True
                    # a job goes to the end of the line after its turn
                    self._active.remove(job)
                    self._active.append(job)
        batch: list[tuple[Job, Chunk, DeviceSamples]] = []
        read = {job: map(job.separation.mix, of) for job, of in chunks.items()}
        for job, mixes_of in self._in_parallel(read).items():
            with self._failing(job):
                batch += [(job, *of) for of in zip(chunks[job], mixes_of(), strict=True)]
        return batch

    def _in_parallel(self, work: Mapping[Job, Iterable[_Done]]) -> dict[Job, Callable[[], Iterable[_Done]]]:
        """Functions that return each job's results. A single job works lazily, item by item."""
        if len(work) == 1:
            return {job: partial(iter, of) for job, of in work.items()}
        return {job: self._file_threads.submit(list, of).result for job, of in work.items()}

    def _tell(self, job: Job, progress: Progress) -> None:
        self._listener.progressed(job.request, progress)
        if progress.done_samples == progress.total_samples:
            self._listener.finished(job, job.separation.finish())
            self._end(job)

    @contextmanager
    def _failing(self, job: Job) -> Iterator[None]:
        """An error inside ends this job and no other."""
        try:
            yield
        except Exception as error:
            if job not in self._active:
                raise
            self._fail(job, error)

    def _fail(self, job: Job, error: Exception) -> None:
        self._end(job)
        self._listener.failed(job.request, _as_engine_error(error))

    def _end(self, job: Job) -> None:
        self._active.remove(job)
        job.separation.close()
        if not self._active:
            # no job waits for it
            self._in_flight = None
            self._constant_segments.forget()
        self._release()

    def _release(self) -> None:
        waiting = {request.model for request in self._waiting}
        used = {model.name for job in self._active for model in job.separation.models_in_use}
        self._models.release(waiting | used)


def _write(separation: Separation | RecipeRun, joined: Iterable[PendingBlocks]) -> Iterator[Progress]:
    for done in joined:
        yield separation.write(done())


def _as_engine_error(error: Exception) -> Exception:
    if isinstance(error, MemoryError):
        return OutOfMemoryError("the host is out of memory")
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutOfDiskError("the disk is full")
    return error
