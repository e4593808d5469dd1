from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from separation_engine.errors import WeightsMismatchError
from separation_engine.serving.model_cache import ResidentModels
from tests.models import SHORT, SIX, TINY, short, tiny, write_model
from tests.runs import torch_settings


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "tiny", [tiny()], settings=TINY)
    write_model(folder, "short", [short()], settings=SHORT)
    write_model(folder, "six", [short(5, SIX)], settings=SHORT)
    return folder


@pytest.fixture
def sut(models_dir: Path) -> ResidentModels:
    """With `tiny` as the default."""
    sut = ResidentModels(torch_settings(models_dir, "tiny"))
    sut.load("tiny")
    sut.release(set())
    return sut


def test_the_next_job_finds_the_model_of_the_last_one_loaded(sut: ResidentModels) -> None:
    network = sut.load("short").networks[0]
    sut.release(set())
    assert sut.load("short").networks[0] is network


def test_another_model_takes_the_room_of_one_that_no_job_uses(sut: ResidentModels) -> None:
    network, default = sut.load("short").networks[0], sut.load("tiny").networks[0]
    sut.release(set())
    sut.load("six")
    assert sut.load("short").networks[0] is not network
    assert sut.load("tiny").networks[0] is default


def test_a_model_that_a_job_uses_keeps_its_room(sut: ResidentModels) -> None:
    sut.load("six")
    sut.release(set())
    # in use again, and that was never told by `release`
    network = sut.load("six").networks[0]
    sut.load("short")
    sut.release({"six"})
    sut.load("short")
    assert sut.load("six").networks[0] is network


def test_weights_that_changed_are_refused_also_where_their_compiled_model_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_model(tmp_path, "tiny", [tiny()], settings=TINY)
    settings = replace(torch_settings(tmp_path, "tiny"), backend="openvino")
    ResidentModels(settings).load("tiny")
    with (folder / "00000000.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    # nothing is compiled, so nobody asks for a tensor
    monkeypatch.setattr("separation_engine.backends.openvino.backend.compile_apart", None)
    with pytest.raises(WeightsMismatchError, match="not the file that was recorded"):
        ResidentModels(settings).load("tiny")
