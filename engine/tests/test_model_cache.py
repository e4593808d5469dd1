from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from separation_engine.common.errors import WeightsMismatchError
from separation_engine.serving.model_cache import ModelCache
from tests.model_files import SHORT, SIX, TINY
from tests.models import SMALL_HYBRID, short, small_hybrid, tiny, write_model
from tests.stock import torch_settings


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "tiny", [tiny()], settings=TINY)
    write_model(folder, "short", [short()], settings=SHORT)
    write_model(folder, "six", [short(5, SIX)], settings=SHORT)
    return folder


@pytest.fixture
def sut(models_dir: Path) -> ModelCache:
    """With `tiny` as the default."""
    sut = ModelCache(torch_settings(models_dir, "tiny"))
    sut.load("tiny")
    sut.release(set())
    return sut


def test_the_last_model_stays_loaded(sut: ModelCache) -> None:
    network = sut.load("short").networks[0]
    sut.release(set())
    assert sut.load("short").networks[0] is network


def test_another_model_evicts_an_unused_one_but_not_the_default(sut: ModelCache) -> None:
    network, default = sut.load("short").networks[0], sut.load("tiny").networks[0]
    sut.release(set())
    sut.load("six")
    assert sut.load("short").networks[0] is not network
    assert sut.load("tiny").networks[0] is default


def test_never_evicts_a_model_in_use(sut: ModelCache) -> None:
    sut.load("six")
    sut.release(set())
    # in use again, without a call of `release`
    network = sut.load("six").networks[0]
    sut.load("short")
    sut.release({"six"})
    sut.load("short")
    assert sut.load("six").networks[0] is network


def test_runs_and_offers_only_what_a_backend_here_can_build(models_dir: Path, tmp_path: Path) -> None:
    for name in ("tiny", "short", "six"):
        (tmp_path / name).symlink_to(models_dir / name)
    write_model(tmp_path, "hybrid", [small_hybrid()], settings=SMALL_HYBRID, checked=False)
    openvino = ModelCache(replace(torch_settings(tmp_path, "short"), backend="openvino"))
    shipped = {"demo", "demo_roformer", "demo_scnet", "demo_best"}
    assert {folder.name for folder in openvino.runnable()} == shipped | {"short", "six", "tiny"}
    # at once, not in the processes that would make its reference
    with pytest.raises(WeightsMismatchError, match="HDemucs runs on torch only"):
        openvino.load("hybrid")
    torch = ModelCache(torch_settings(tmp_path, "short"))
    assert "hybrid" in [folder.name for folder in torch.runnable()]


def test_refuses_changed_weights_even_if_their_compiled_model_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_model(tmp_path, "tiny", [tiny()], settings=TINY)
    settings = replace(torch_settings(tmp_path, "tiny"), backend="openvino")
    ModelCache(settings).load("tiny")
    with (folder / "00000000.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    # nothing is compiled, so no tensor is read
    monkeypatch.setattr("separation_engine.backends.openvino.backend.compile_in_child", None)
    with pytest.raises(WeightsMismatchError, match="not the file that was recorded"):
        ModelCache(settings).load("tiny")
