from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.model_files import TINY
from tests.models import tiny, write_model

CHILD = """
import hashlib, json, sys
from pathlib import Path
import numpy as np
from separation_engine.networks.interface import BackendSettings
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.models.folder import read_folder
folder, cache = map(Path, sys.argv[1:])
backend = OpenvinoBackend(BackendSettings("cpu", "fp32", cache))
network = read_folder(folder, folder.name).read_weights(0).load(backend)
mix = np.random.default_rng(0).uniform(-1, 1, (1, 2, network.segment_samples)).astype(np.float32)
digest = hashlib.sha256(network.forward(mix).tobytes()).hexdigest()
imported = [name for name, module in sys.modules.items() if module is not None]
print(json.dumps({"digest": digest, "imported": imported}))
"""
RUNS = 3


@dataclass(frozen=True)
class Run:
    """digest: of the stems. imported: names of all loaded modules."""

    digest: str
    imported: frozenset[str]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Fresh processes: the first one compiles, the others load the compiled model."""
    folder = tmp_path_factory.mktemp("processes")
    model = write_model(folder, "tiny", [tiny()], settings=TINY)
    return [_run(model, folder / "cache") for _ in range(RUNS)]


def _run(model: Path, cache: Path) -> Run:
    command = [sys.executable, "-c", CHILD, str(model), str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    answer = json.loads(done.stdout)
    return Run(answer["digest"], frozenset(answer["imported"]))


def test_every_fresh_process_gives_the_same_bits(runs: list[Run]) -> None:
    assert len({run.digest for run in runs}) == 1


@pytest.mark.parametrize("module", ["torch", "demucs", "openvino_telemetry"])
def test_does_not_import(runs: list[Run], module: str) -> None:
    assert not any(module in run.imported for run in runs)
