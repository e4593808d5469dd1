"""An engine whose network is a stub: each stem is the mix at a level of its own, at a given speed.

    python -m bench.stub_engine install FOLDER SPEED BATCH  # the model `stub`, for MODELS_DIR
    python -m bench.stub_engine serve                       # the engine, which also knows that model's class

SPEED is in x real time, BATCH in segments.

Only this module knows the class, so the engine itself refuses the model. The engine works as with a GPU, in
batches and with whole songs on the device. torch computes on the CPU what the device would do. If STUB_STATE
names a file, it tells the CPU seconds of that, of all threads and of the main thread, and the most jobs at
once: `{"device": {"all": 1.5, "main": 1.4}, "mostJobs": 10}`.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from safetensors.numpy import save_file

from bench.stub_network import BATCH, LEVELS, SEGMENT, DeviceTime, StubNetwork
from separation_engine.__main__ import main
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.checks.self_check import fingerprint, known_mix, reference_path, write_reference
from separation_engine.commands.malloc_tuning import restart_with_tuned_malloc
from separation_engine.models.folder import hash_files, write_record
from separation_engine.networks.architecture import Architecture, Builder, NetworkWeights
from separation_engine.networks.cutting import TRIANGLES
from separation_engine.networks.interface import Backend
from separation_engine.serving.scheduler import Scheduler
from tests.runs import SOURCES
from tests.sounds import RATE

_CLASS = "bench.StubNetwork"
_NAME = "stub"
_SIGNATURE = "00000000"


def _load(_: Backend, weights: NetworkWeights) -> StubNetwork:
    # thread_time knows one thread
    torch.set_num_threads(1)
    speed, batch = (float(str(weights.kwargs[name])) for name in ("speed", "batch"))
    return StubNetwork(weights, speed, int(batch))


def register() -> None:
    """Add the stub's class to the classes that this process knows."""
    builders = {"torch": Builder(_load)}
    ARCHITECTURES[_CLASS] = Architecture(_CLASS, SEGMENT, False, TRIANGLES, builders)


def install(models: Path, speed: float, batch: int = BATCH) -> None:
    """Write the model `stub` into a folder of models. speed: in x real time. batch: segments in a forward."""
    folder = models / _NAME
    folder.mkdir(parents=True)
    metadata = {
        "klass": _CLASS,
        "args": json.dumps([SOURCES]),
        "kwargs": json.dumps({"samplerate": RATE, "speed": speed, "batch": batch}),
    }
    weights = folder / f"{_SIGNATURE}.safetensors"
    save_file({"levels": np.array(LEVELS, np.float32)}, weights, metadata)
    (folder / f"{_NAME}.yaml").write_text(f"models: ['{_SIGNATURE}']\n", "utf-8")
    hashes = hash_files(folder, _NAME)
    write_record(folder, hashes)
    network = StubNetwork()
    found = fingerprint(network, known_mix(network.segment_samples, RATE))
    write_reference(reference_path(folder, _SIGNATURE), hashes[weights.name], found)


def serve(arguments: list[str]) -> int:
    """Run the engine, and write its state if asked."""
    register()
    with ExitStack() as patches:
        if path := os.environ.get("STUB_STATE"):
            _write_state(Path(path), patches)
        return main(arguments)


def _write_state(path: Path, patches: ExitStack) -> None:
    device = DeviceTime()
    device.count(patches)
    step, most_jobs = Scheduler.step, 0

    def step_and_tell(scheduler: Scheduler) -> None:
        nonlocal most_jobs
        step(scheduler)
        most_jobs = max(most_jobs, len(scheduler._active))  # noqa: SLF001
        state = {"device": {"all": device.seconds, "main": device.main_seconds}, "mostJobs": most_jobs}
        path.write_text(json.dumps(state), "utf-8")

    patches.enter_context(patch.object(Scheduler, "step", step_and_tell))


if __name__ == "__main__":
    if sys.argv[1] == "install":
        install(Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    else:
        # freed memory stays in the process, as pinned memory does on a GPU
        restart_with_tuned_malloc()
        sys.exit(serve(sys.argv[1:]))
