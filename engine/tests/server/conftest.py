"""Engines as child processes, with a small model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine_process import EngineProcess
from tests.model_files import SHORT

Start = Callable[..., EngineProcess]


@pytest.fixture(scope="package")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.models import short, write_model

    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "short", [short()], settings=SHORT)
    return folder


def environment(models_dir: Path) -> dict[str, str]:
    return {"MODELS_DIR": str(models_dir), "MODEL": "short", "DEVICE": "cpu"}


@pytest.fixture(scope="package")
def engine(models_dir: Path) -> Iterator[EngineProcess]:
    """A shared engine, for tests that do not stop it."""
    process = EngineProcess(environment(models_dir))
    process.wait_for_type("ready")
    yield process
    process.close()


@pytest.fixture
def start(models_dir: Path) -> Iterator[Start]:
    """Starts engines for one test."""
    started: list[EngineProcess] = []

    def begin(command: list[str] | None = None, **more: str) -> EngineProcess:
        started.append(EngineProcess({**environment(models_dir), **more}, command))
        return started[-1]

    yield begin
    for process in started:
        process.close()
