from __future__ import annotations

import io
import os
import pickle
import resource
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from separation_engine.common.errors import WeightsMismatchError
from separation_engine.models.checkpoint.archive import read_checkpoint
from separation_engine.models.checkpoint.pickled import interpret

MUTATIONS = 2000


def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GroupNorm(2, 4)).state_dict()


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def assert_equals_torch(path: Path, expected: dict[str, torch.Tensor]) -> None:
    found = read_checkpoint(path)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        widened = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        assert found[name].dtype == widened.numpy().dtype
        assert found[name].tobytes() == widened.contiguous().numpy().tobytes()
        assert found[name].shape == tuple(tensor.shape)
        assert found[name].flags.owndata


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64])
def test_equals_torch_for_every_type_of_number(tmp_path: Path, dtype: torch.dtype) -> None:
    content = {"one": (torch.randn(5, 7) * 100).to(dtype), "none": torch.zeros(0, 3).to(dtype)}
    path = saved(tmp_path / "some.ckpt", content)

    assert_equals_torch(path, torch.load(path, weights_only=True))


def test_equals_torch_for_views_of_one_storage(tmp_path: Path) -> None:
    base = torch.arange(120, dtype=torch.float32)
    views = {
        "all": base,
        "part": base[7:31],
        "transposed": base.view(10, 12).T,
        "every third": base[::3],
        "cube": base.view(4, 5, 6).permute(2, 0, 1)[1:, :2],
        "scalar": base[5],
        "a parameter": torch.nn.Parameter(base[:3]),
    }
    path = saved(tmp_path / "views.pth", views)

    assert_equals_torch(path, {name: value.detach() for name, value in views.items()})


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"lr": 1e-4, "betas": [0.9, None]}},
        lambda state: {"model_state_dict": {f"module.{name}": one for name, one in state.items()}},
        lambda state: {"state": OrderedDict((f"_orig_mod.model.{name}", one) for name, one in state.items())},
    ],
    ids=["plain", "wrapped", "of several devices", "compiled"],
)
def test_finds_the_weights_in_what_training_saves(tmp_path: Path, wrap: Callable[[object], object]) -> None:
    state = weights()

    assert_equals_torch(saved(tmp_path / "wrapped.ckpt", wrap(state)), dict(state))


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self._marker}",)


def test_runs_nothing_and_names_what_it_refuses(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = saved(tmp_path / "hostile.ckpt", {**weights(), "more": Hostile(marker)})

    with pytest.raises(WeightsMismatchError, match=r"posix\.system, which is not allowed"):
        read_checkpoint(path)
    assert not marker.exists()


def test_refuses_pickles_that_are_not_in_a_zip_file(tmp_path: Path) -> None:
    path = tmp_path / "legacy.pth"
    torch.save(weights(), path, _use_new_zipfile_serialization=False)

    with pytest.raises(WeightsMismatchError, match=r"PyTorch 1\.6 or newer"):
        read_checkpoint(path)


MEMO = b"\x80\x02}r\xff\xff\xff\x7f."
NESTED = b"\x80\x02)" + b"2\x86" * 60
HUGE_TEXT = b"\x80\x04\x8d" + (1 << 60).to_bytes(8, "little") + b"x."
HUGE_NUMBER = b"\x80\x02\x8b" + (1 << 30).to_bytes(4, "little") + b"x."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"\x80\x02K\x01",
        b"\x80\x02]K\x01\x8e.",
        b"\x80\x02e.",
        b"\x80\x02(K\x01u.",
        HUGE_TEXT,
        HUGE_NUMBER,
        NESTED,
        b"\x80\x02h\x07.",
        b"\x80\x02cos\nsystem\n.",
        b"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x00a\x85R.",
        b"\x80\x02ctorch\nFloatStorage\n)R.",
        b"\x80\x02ctorch\nFloatStorage\n}b.",
        b"\x80\x02ccollections\nOrderedDict\nK\x05\x85R.",
        b"\x80\x02K\x01Q.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02}(K\x01K\x02K\x03u.",
        b"\x80\x02}))s.",
    ],
)
def test_refuses_malformed_and_hostile_pickles(content: bytes) -> None:
    with pytest.raises(WeightsMismatchError):
        interpret(content)


def test_a_memo_of_any_size_takes_no_memory() -> None:
    assert interpret(MEMO) == {}


def replaced(
    path: Path, name: str, change: Callable[[bytes], bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    """The same checkpoint with another entry `name`."""
    changed = path.with_suffix(".changed")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w", compression) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, change(content) if entry.filename.endswith(name) else content)
    return changed


def test_refuses_archives_that_torch_does_not_write(tmp_path: Path) -> None:
    path = saved(tmp_path / "good.ckpt", weights())
    assert read_checkpoint(replaced(path, "data/0", lambda content: content)).keys() == weights().keys()
    for name, change in (
        ("data/0", lambda content: content[:-4]),
        ("data/0", lambda content: content * 2),
        ("byteorder", lambda _: b"big"),
        ("data.pkl", lambda content: content[: len(content) // 2]),
        ("data.pkl", lambda content: content + b"x" * (1 << 25)),
        # numbers of a shape or a stride
        ("data.pkl", lambda content: content.replace(b"K\x04K\x03\x86", b"K\x04K\xff\x86")),
        ("data.pkl", lambda content: content.replace(b"K\x03K\x01\x86", b"K\x00K\x01\x86")),
        ("data.pkl", lambda content: content.replace(b"K\x04K\x03\x86", b"K\x04J\xff\xff\xff\xff\x86")),
    ):
        with pytest.raises(WeightsMismatchError):
            read_checkpoint(replaced(path, name, change))
    with pytest.raises(WeightsMismatchError, match="compressed"):
        read_checkpoint(replaced(path, "data/0", lambda content: content, compression=zipfile.ZIP_DEFLATED))


def test_refuses_entries_that_lie_over_each_other(tmp_path: Path) -> None:
    path = tmp_path / "overlap.ckpt"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({}, 2))
        archive.writestr("a/data/0", bytes(100_000))
        first = archive.getinfo("a/data/0")
        for index in range(1, 50):
            copy = zipfile.ZipInfo(f"a/data/{index}")
            copy.header_offset, copy.CRC = first.header_offset, first.CRC
            copy.file_size = copy.compress_size = 100_000
            archive.filelist.append(copy)
    path.write_bytes(buffer.getvalue())

    with pytest.raises(WeightsMismatchError, match="larger than its file"):
        read_checkpoint(path)


def test_survives_mutated_files(tmp_path: Path) -> None:
    """Every mutation is read or refused: no other error, no memory beyond a bound, no file elsewhere."""
    good = saved(tmp_path / "good.ckpt", {"state_dict": weights()}).read_bytes()
    folder = tmp_path / "mutated"
    folder.mkdir()
    path = folder / "mutated.ckpt"
    chance = np.random.default_rng(0)
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        entry = next(one for one in archive.infolist() if one.filename.endswith("data.pkl"))
        pickled = archive.read(entry)
    start = good.index(pickled)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    for number in range(MUTATIONS):
        content = bytearray(good)
        # half of the mutations hit the pickle, whose checksum is mended
        low, high = (start, start + len(pickled)) if number % 2 else (0, len(good))
        for _ in range(chance.integers(1, 5)):
            content[chance.integers(low, high)] = chance.choice(
                np.array([0, 1, 0x7F, 0xFF, chance.integers(256)])
            )
        if number % 2:
            mend_checksum(content, start, pickled)
        if number % 7 == 0:
            del content[chance.integers(len(content)) :]
        path.write_bytes(content)
        try:
            read_checkpoint(path)
        except WeightsMismatchError:
            refused += 1
    assert refused > MUTATIONS // 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert [one.name for one in folder.iterdir()] == [path.name]


def mend_checksum(content: bytearray, start: int, pickled: bytes) -> None:
    """Write the checksum of a changed entry wherever the archive has the old one."""
    old = zlib.crc32(pickled).to_bytes(4, "little")
    new = zlib.crc32(content[start : start + len(pickled)]).to_bytes(4, "little")
    content[:] = content.replace(old, new)


def test_the_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    path = saved(tmp_path / "numbers.ckpt", {"x": torch.from_numpy(values)})

    np.testing.assert_array_equal(read_checkpoint(path)["x"], values)
