"""The resident engine: messages on stdin, answers on file descriptor 3, logs on stderr."""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

import numpy as np

from separation_engine import __version__
from separation_engine.backends.base import Backend
from separation_engine.device import memory_bytes
from separation_engine.errors import DeviceLostError, InvalidInputError
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.request import Progress, SeparationRequest, SeparationResult
from separation_engine.serving.logs import about
from separation_engine.serving.model_cache import ResidentModels
from separation_engine.serving.protocol import (
    MAX_LINE_BYTES,
    PROTOCOL,
    BadMessageError,
    Cancel,
    MessageWriter,
    Shutdown,
    error_message,
    parse_message,
)
from separation_engine.serving.scheduler import Job, Scheduler
from separation_engine.settings import Settings
from separation_engine.testing.faults import make_fault

_LOG = logging.getLogger(__name__)
_ANSWERS = 3
_HEARTBEAT_SECONDS = 1.0


def serve(settings: Settings) -> NoReturn:
    """Work until stdin ends or a shutdown comes; a start that fails ends with status 1."""
    _lead_own_group()
    try:
        os.set_inheritable(_ANSWERS, False)
        stream = os.fdopen(_ANSWERS, "wb")
    except OSError:
        _LOG.error("serve needs file descriptor 3 for its answers; people want `separate`")
        _exit(2)
    answers = _Answers(MessageWriter(stream))
    messages: queue.SimpleQueue[SeparationRequest | Cancel] = queue.SimpleQueue()
    threading.Thread(target=_read_messages, args=(messages, answers), daemon=True).start()
    threading.Thread(target=_beat, args=(answers,), daemon=True).start()
    try:
        fault = make_fault(os.environ.get("ENGINE_FAULT"))
        models = ResidentModels(settings)
        default = models.load(settings.model)
    except (Exception, DeviceLostError) as error:
        _LOG.exception("the engine cannot work")
        answers.send(error_message(None, error))
        _exit(1)
    answers.send(_ready(models, default))
    _work(Scheduler(models, answers, fault), messages, answers)


def _work(
    scheduler: Scheduler, messages: queue.SimpleQueue[SeparationRequest | Cancel], answers: _Answers
) -> NoReturn:
    try:
        while True:
            take_messages(scheduler, messages, answers.begin)
            scheduler.step()
    except DeviceLostError:
        # whoever started the engine starts it anew, and gives the jobs to it
        _LOG.exception("the engine cannot go on")
        _exit(1)


def take_messages(
    scheduler: Scheduler,
    messages: queue.SimpleQueue[SeparationRequest | Cancel],
    begin: Callable[[SeparationRequest], bool],
) -> None:
    """Take what has come, wait while there is nothing to do, and a moment where a batch is worth filling."""
    while scheduler.idle or not messages.empty() or scheduler.fill_seconds():
        try:
            message = messages.get(timeout=None if scheduler.idle else scheduler.fill_seconds())
        except queue.Empty:
            continue
        if isinstance(message, Cancel):
            scheduler.cancel(message.id)
        elif begin(message):
            scheduler.submit(message)


def _read_messages(messages: queue.SimpleQueue[SeparationRequest | Cancel], answers: _Answers) -> None:
    """Runs beside a busy main thread: the end of stdin and a shutdown act at once."""
    while line := sys.stdin.buffer.readline(MAX_LINE_BYTES):
        try:
            message = parse_message(line)
        except BadMessageError as error:
            _LOG.error("bad message: %s", error)
            answers.send(error_message(error.id, error))
            continue
        if isinstance(message, Shutdown):
            _LOG.info("shutting down")
            _exit(0)
        messages.put(message)
    _end_group()


def _beat(answers: _Answers) -> None:
    while True:
        answers.send({"type": "heartbeat", "at": int(time.time() * 1000), "memoryBytes": memory_bytes()})
        time.sleep(_HEARTBEAT_SECONDS)


class _Answers:
    """Turns what becomes of jobs into messages. Ends the process group when nobody reads them."""

    def __init__(self, writer: MessageWriter) -> None:
        self._writer = writer
        self._active: set[str] = set()

    def send(self, message: Mapping[str, object]) -> None:
        try:
            self._writer.send(message)
        except OSError:
            _end_group()

    def begin(self, request: SeparationRequest) -> bool:
        """Whether the job may start; the same one does not run twice at once."""
        if request.id in self._active:
            self.send(error_message(request.id, InvalidInputError("this job runs already")))
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
        seconds = {"load": round(job.load_seconds, 3), "separate": round(time.monotonic() - job.started, 3)}
        _LOG.info("separated in %.1f s", seconds["separate"], extra=about(job.request))
        self.send(
            {
                "type": "result",
                "id": job.request.id,
                "model": job.model.name,
                "signature": list(job.model.signatures),
                "weightsSha256": job.model.weights_sha256,
                "samples": result.samples,
                "sampleRate": result.sample_rate,
                "stems": [
                    {"name": stem.name, "path": str(stem.path), "peak": stem.peak} for stem in result.stems
                ],
                "gainDb": result.gain_db,
                "residualDb": result.residual_db,
                **_describe(job.model.backend),
                "seconds": seconds,
            }
        )

    def failed(self, request: SeparationRequest, error: Exception) -> None:
        self._active.discard(request.id)
        answer = error_message(request.id, error)
        _LOG.error(
            "failed: %s", answer["message"], extra=about(request), exc_info=answer["code"] == "internal"
        )
        self.send(answer)


def _ready(models: ResidentModels, default: LoadedModel) -> dict[str, object]:
    return {
        "type": "ready",
        "protocol": PROTOCOL,
        "engineVersion": __version__,
        "pid": os.getpid(),
        **_describe(default.backend),
        "models": [
            {"name": folder.name, "stems": list(folder.sources), "signature": list(folder.signatures)}
            for folder in models.library.installed()
        ],
        "defaultModel": default.name,
        "memoryBytes": memory_bytes() + default.backend.memory_bytes(),
    }


def _describe(backend: Backend) -> dict[str, object]:
    return {
        "backend": backend.name,
        "device": backend.device,
        "deviceName": backend.device_name,
        "precision": backend.precision,
        "versions": {
            "python": ".".join(map(str, sys.version_info[:3])),
            "numpy": np.__version__,
            **backend.versions(),
        },
    }


def _lead_own_group() -> None:
    """What the group's end takes with it must be this engine's own."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def _exit(status: int) -> NoReturn:
    # an orderly end would wait for the thread that reads stdin
    sys.stderr.flush()
    os._exit(status)


def _end_group() -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)
