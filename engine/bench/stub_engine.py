"""An engine whose network is a stub: each stem is the mix at a level of its own, at a given speed.

    python -m bench.stub_engine install FOLDER SPEED    # the model `stub`, for MODELS_DIR. SPEED: x real time
    python -m bench.stub_engine serve                   # the engine, which also knows the class of that model

Only this module knows the class, so the engine itself refuses the model. The stub takes no CPU time while it
pretends to compute, as if a device did.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from separation_engine.__main__ import main
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.checks.self_check import fingerprint, known_mix, reference_path, write_reference
from separation_engine.common.wav import Samples
from separation_engine.models.folder import hash_files, write_record
from separation_engine.networks.architecture import Architecture, Builder, NetworkWeights
from separation_engine.networks.cutting import TRIANGLES
from separation_engine.networks.interface import Backend, Mixes
from tests.runs import SOURCES, EchoNetwork
from tests.sounds import RATE

_CLASS = "bench.StubNetwork"
_NAME = "stub"
_SIGNATURE = "00000000"
# as htdemucs on a GPU
_SEGMENT = Fraction(39, 5)
_BATCH = 16
# stems that leave a rest, as those of trained networks do
_LEVELS = (0.4, 0.3, 0.2, 0.05)


class StubNetwork(EchoNetwork):
    """Batches on a pretended device, which works on one at a time and takes `1 / speed` of its duration."""

    def __init__(self, speed: float) -> None:
        super().__init__(int(_SEGMENT * RATE), _BATCH, levels=_LEVELS, asynchronous=True, on_wait=self._wait)
        self._speed = speed
        self._free_at = 0.0
        self._done_at: dict[int, float] = {}

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[Samples]:
        stretch = len(mixes) * self.segment_samples / RATE / self._speed
        self._free_at = max(time.monotonic(), self._free_at) + stretch
        found = super().start(mixes, stems)
        self._done_at[len(self.batches)] = self._free_at
        self._done_at.pop(len(self.batches) - _BATCH, None)
        return found

    def _wait(self, batch: int) -> None:
        time.sleep(max(0.0, self._done_at[batch] - time.monotonic()))


def _load(_: Backend, weights: NetworkWeights) -> StubNetwork:
    return StubNetwork(float(str(weights.kwargs["speed"])))


def register() -> None:
    """Add the stub's class to the classes that this process knows."""
    builders = {"openvino": Builder(_load)}
    ARCHITECTURES[_CLASS] = Architecture(_CLASS, _SEGMENT, False, TRIANGLES, builders)


def install(models: Path, speed: float) -> None:
    """Write the model `stub` into a folder of models. speed: in x real time."""
    folder = models / _NAME
    folder.mkdir(parents=True)
    metadata = {
        "klass": _CLASS,
        "args": json.dumps([SOURCES]),
        "kwargs": json.dumps({"samplerate": RATE, "speed": speed}),
    }
    weights = folder / f"{_SIGNATURE}.safetensors"
    save_file({"levels": np.array(_LEVELS, np.float32)}, weights, metadata)
    (folder / f"{_NAME}.yaml").write_text(f"models: ['{_SIGNATURE}']\n", "utf-8")
    hashes = hash_files(folder, _NAME)
    write_record(folder, hashes)
    network = StubNetwork(speed)
    found = fingerprint(network, known_mix(network.segment_samples, RATE))
    write_reference(reference_path(folder, _SIGNATURE), hashes[weights.name], found)


if __name__ == "__main__":
    if sys.argv[1] == "install":
        install(Path(sys.argv[2]), float(sys.argv[3]))
    else:
        register()
        sys.exit(main(sys.argv[1:]))
