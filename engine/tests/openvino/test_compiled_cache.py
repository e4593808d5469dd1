from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from separation_engine.backends.openvino.compiled_cache import CompiledCache
from separation_engine.backends.openvino.memory_mapped_model import MemoryMappedModel, export_model
from separation_engine.backends.openvino.runtime import opset, ov


def double(path: Path) -> None:
    value = opset.parameter([4], np.float32)
    model = ov.Model([opset.multiply(value, np.full(4, 2, np.float32))], [value], "double")
    with path.open("wb") as file:
        export_model(ov.Core().compile_model(model, "CPU"), file)


def never(_path: Path) -> None:
    raise AssertionError("compiled again")


def answer(compiled: MemoryMappedModel) -> list[float]:
    return list(compiled.model(np.arange(4, dtype=np.float32))[0])


@pytest.fixture
def sut(tmp_path: Path) -> CompiledCache:
    return CompiledCache(tmp_path / "cache", ov.Core(), {})


def test_compiles_once_for_each_identity(sut: CompiledCache) -> None:
    sut.load(("weights", "fp32"), double)

    assert answer(sut.load(("weights", "fp32"), never)) == [0, 2, 4, 6]
    with pytest.raises(AssertionError, match="compiled again"):
        sut.load(("weights", "bf16"), never)


@pytest.mark.parametrize("content", [b"", b"no model", b"\0" * 4096])
def test_compiles_again_if_the_file_is_damaged(sut: CompiledCache, tmp_path: Path, content: bytes) -> None:
    sut.load(("weights",), double)
    [path] = (tmp_path / "cache").iterdir()
    path.write_bytes(content)

    assert answer(sut.load(("weights",), double)) == [0, 2, 4, 6]
    assert answer(sut.load(("weights",), never)) == [0, 2, 4, 6]


def test_a_failed_compilation_leaves_nothing(sut: CompiledCache, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        sut.load(("weights",), never)

    assert list((tmp_path / "cache").iterdir()) == []


def test_works_without_a_writable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    sut = CompiledCache(tmp_path / "file" / "cache", ov.Core(), {})

    assert answer(sut.load(("weights",), double)) == [0, 2, 4, 6]


def test_deletes_old_unfinished_files(sut: CompiledCache, tmp_path: Path) -> None:
    sut.load(("weights",), double)
    partial = tmp_path / "cache" / "left.part"
    partial.write_bytes(b"half")
    os.utime(partial, (0, 0))
    sut.load(("weights",), never)

    assert not partial.exists()


def test_deletes_the_least_recently_used_file(tmp_path: Path) -> None:
    sut = CompiledCache(tmp_path, ov.Core(), {})
    sut.load(("first",), double)
    [first] = tmp_path.iterdir()
    full = CompiledCache(tmp_path, ov.Core(), {}, limit=5 * first.stat().st_size // 2)
    full.load(("second",), double)
    full.load(("first",), never)
    full.load(("third",), double)

    assert first in tmp_path.iterdir()
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(AssertionError):
        full.load(("second",), never)
