"""The engine of the benchmarks, whose network is a stub."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.stub_engine import install
from separation_engine.common.errors import WeightsMismatchError
from separation_engine.models.library import ModelLibrary
from tests.sounds import RATE, read_wav, song, write_wav


def test_only_the_engine_of_the_benchmarks_takes_the_stub(tmp_path: Path) -> None:
    install(tmp_path, 1000)
    with pytest.raises(WeightsMismatchError, match="not allowed"):
        ModelLibrary(tmp_path).find("stub")
    mix = song(RATE)
    path = write_wav(tmp_path / "song.wav", mix)
    subprocess.run(
        [sys.executable, "-m", "bench.stub_engine", "separate", path, tmp_path / "stems", "--model", "stub"],
        env={**os.environ, "MODELS_DIR": str(tmp_path), "ENGINE_CACHE_DIR": str(tmp_path / "cache")},
        cwd=Path(__file__).parents[1],
        check=True,
    )
    assert np.allclose(read_wav(tmp_path / "stems" / "vocals.wav"), 0.05 * mix, atol=1e-3)
