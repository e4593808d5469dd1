"""The resident engine: commands on stdin, messages on file descriptor 3, logs on stderr."""

from __future__ import annotations

import logging
import os
import queue
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, cast

import numpy as np

from separation_engine import __version__
from separation_engine.common.cpu_time import cpu_seconds
from separation_engine.common.device import memory_bytes
from separation_engine.common.errors import CancelledError, DeviceLostError, InvalidInputError
from separation_engine.common.settings import Settings
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.request import Progress, SeparationRequest, SeparationResult
from separation_engine.serving.activity import Activity
from separation_engine.serving.job import Job
from separation_engine.serving.logs import about
from separation_engine.serving.messages import Facts, Message, error_message
from separation_engine.serving.model_cache import ModelCache
from separation_engine.serving.protocol import (
    MAX_LINE_BYTES,
    PROTOCOL,
    BadMessageError,
    Cancel,
    MessageWriter,
    Shutdown,
    parse_command,
)
from separation_engine.serving.scheduler import Scheduler

_LOG = logging.getLogger(__name__)
_MESSAGES_FD = 3
_HEARTBEAT_SECONDS = 1.0
Commands = queue.SimpleQueue[SeparationRequest | Cancel]


def serve(settings: Settings) -> NoReturn:
    """Work until stdin closes or a shutdown arrives. Exits with status 1 if the engine cannot start."""
    _lead_own_group()
    try:
        os.set_inheritable(_MESSAGES_FD, False)
        stream = os.fdopen(_MESSAGES_FD, "wb")
    except OSError:
        _LOG.error("`serve` needs file descriptor 3 for its messages. To separate a song, use `separate`.")
        _exit(2)
    reporter = _Reporter(MessageWriter(stream))
    commands: Commands = queue.SimpleQueue()
    threading.Thread(target=_read_commands, args=(commands, reporter), daemon=True).start()
    activity = Activity()
    activity.begin()
    threading.Thread(target=_beat, args=(reporter, activity), daemon=True).start()
    try:
        before_forward = _fault_hook()
        models = ModelCache(settings, activity)
        default = models.load_default()
    except (Exception, DeviceLostError) as error:
        _LOG.exception("the engine cannot start")
        reporter.send(error_message(None, error))
        _exit(1)
    reporter.send(_ready(models, settings.model, default))
    _work(Scheduler(models, reporter, before_forward, activity), commands, reporter, activity)


def _fault_hook() -> Callable[[SeparationRequest], None]:
    """The fault that ENGINE_FAULT asks for, in a source checkout only: images have no tests."""
    if not (fault := os.environ.get("ENGINE_FAULT")):
        return lambda _: None
    path = Path(__file__).parents[3] / "tests" / "faults.py"
    make_fault = runpy.run_path(str(path))["make_fault"]
    return cast("Callable[[SeparationRequest], None]", make_fault(fault))


def _work(scheduler: Scheduler, commands: Commands, reporter: _Reporter, activity: Activity) -> NoReturn:
    try:
        while True:
            if scheduler.idle:
                activity.rest()
            take_commands(scheduler, commands, reporter.begin)
            activity.begin()
            scheduler.step()
    except DeviceLostError:
        # the worker restarts the engine and sends the jobs again
        _LOG.exception("the engine cannot continue")
        _exit(1)


def take_commands(
    scheduler: Scheduler, commands: Commands, begin: Callable[[SeparationRequest], bool]
) -> None:
    """Take all pending commands. Block while idle, and briefly while a batch may still fill up."""
    while scheduler.idle or not commands.empty() or scheduler.fill_seconds():
        try:
            command = commands.get(timeout=None if scheduler.idle else scheduler.fill_seconds())
        except queue.Empty:
            continue
        if isinstance(command, Cancel):
            scheduler.cancel(command.id)
        elif begin(command):
            scheduler.submit(command)


def _read_commands(commands: Commands, reporter: _Reporter) -> None:
    """Runs in its own thread: a shutdown and the end of stdin take effect while the main thread is busy."""
    while line := sys.stdin.buffer.readline(MAX_LINE_BYTES):
        try:
            command = parse_command(line)
        except BadMessageError as error:
            _LOG.error("invalid command: %s", error)
            reporter.send(error_message(error.id, error))
            continue
        if isinstance(command, Shutdown):
            _LOG.info("shutting down")
            _exit(0)
        commands.put(command)
    _end_group()


def _beat(reporter: _Reporter, activity: Activity) -> None:
    while True:
        step, expected = activity.now()
        reporter.send(
            {
                "type": "heartbeat",
                "memoryBytes": memory_bytes(),
                "cpuSeconds": round(cpu_seconds(), 3),
                "step": step,
                "expectedCpuSeconds": expected,
            }
        )
        time.sleep(_HEARTBEAT_SECONDS)


class _Reporter:
    """Reports the events of jobs as messages. Kills the process group once nobody reads them."""

    def __init__(self, writer: MessageWriter) -> None:
        self._writer = writer
        self._active: set[str] = set()

    def send(self, message: Message) -> None:
        try:
            self._writer.send(message)
        except OSError:
            _end_group()

    def begin(self, request: SeparationRequest) -> bool:
        """Whether the job may start. The same id cannot run twice at once."""
        if request.id in self._active:
            self.send(error_message(request.id, InvalidInputError("this job is already running")))
            return False
        self._active.add(request.id)
        _LOG.info("separating with %s", request.model, extra=about(request))
        return True

    def progressed(self, request: SeparationRequest, progress: Progress) -> None:
        self.send(
            {
                "type": "progress",
                "id": request.id,
                "doneSamples": progress.done_samples,
                "totalSamples": progress.total_samples,
                "writtenSamples": progress.written_samples,
                "gainDb": progress.gain_db,
            }
        )

    def finished(self, job: Job, result: SeparationResult) -> None:
        self._active.discard(job.request.id)
        separate_seconds = round(job.separate_seconds, 3)
        models = job.separation.models
        _LOG.info("separated in %.1f s", separate_seconds, extra=about(job.request))
        self.send(
            {
                "type": "result",
                "id": job.request.id,
                "model": job.request.model,
                "signature": list(job.separation.weights.signatures),
                "weightsSha256": job.separation.weights.sha256,
                "networks": [
                    {
                        "model": network.model,
                        "signature": network.signature,
                        "sha256": network.sha256,
                        "seconds": round(network.seconds, 3),
                    }
                    for network in result.networks
                ],
                "samples": result.samples,
                "sampleRate": result.sample_rate,
                "stems": [
                    {"name": stem.name, "path": str(stem.path), "peak": stem.peak} for stem in result.stems
                ],
                "gainDb": result.gain_db,
                "residualDb": result.residual_db,
                "seconds": {"load": round(job.load_seconds, 3), "separate": separate_seconds},
                **_facts(models),
            }
        )

    def failed(self, request: SeparationRequest, error: Exception) -> None:
        self._active.discard(request.id)
        message = error_message(request.id, error)
        if isinstance(error, CancelledError):
            _LOG.info("%s", error, extra=about(request))
        else:
            is_bug = message["code"] == "internal"
            _LOG.error("failed: %s", message["message"], extra=about(request), exc_info=is_bug)
        self.send(message)


def _ready(models: ModelCache, name: str, default: LoadedModel) -> Message:
    return {
        "type": "ready",
        "protocol": PROTOCOL,
        "engineVersion": __version__,
        "models": [
            {
                "name": offer.name,
                "stems": list(offer.stems),
                "signature": list(offer.weights.signatures),
                "overlap": offer.overlap,
            }
            for offer in models.runnable()
        ],
        "defaultModel": name,
        "memoryBytes": memory_bytes() + default.backend.memory_bytes(),
        **_facts([default]),
    }


def _facts(models: Sequence[LoadedModel]) -> Facts:
    python = ".".join(map(str, sys.version_info[:3]))
    backend = models[0].backend
    versions = {name: version for model in models for name, version in model.versions.items()}
    return {
        # the models of a recipe share a device, but some may need another runtime
        "backend": "+".join(dict.fromkeys(model.backend.name for model in models)),
        "device": backend.device,
        "deviceName": backend.device_name,
        "precision": backend.precision,
        "versions": {"python": python, "numpy": np.__version__, **versions},
    }


def _lead_own_group() -> None:
    """Become a group leader: killing the group must kill only this engine."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def _exit(status: int) -> NoReturn:
    # a regular exit would wait for the thread that reads stdin
    sys.stderr.flush()
    os._exit(status)


def _end_group() -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)
