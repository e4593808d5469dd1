from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from separation_engine.common.errors import ModelNotInstalledError, UnknownModelError, WeightsMismatchError
from separation_engine.models.folder import hash_files, read_folder, write_record
from separation_engine.models.library import ModelLibrary
from tests.model_files import FOUR, SHORT, random_tensors, write_files

WEIGHTS = "00000000.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path, "short", [random_tensors()])


def test_reads_tensors_and_settings(folder: Path) -> None:
    weights = read_folder(folder, "short").read_weights(0)
    expected = random_tensors()
    assert weights.sources == tuple(FOUR)
    assert (weights.sample_rate, weights.segment_samples) == (44100, 44100)
    assert weights.tensors.keys() == expected.keys()
    assert all(np.array_equal(weights.tensors[name], expected[name]) for name in expected)


def test_reads_fractions_as_the_hub_writes_them(tmp_path: Path) -> None:
    settings_on_disk = {**SHORT, "segment": Fraction(39, 5)}
    folder = write_files(tmp_path, "tiny", [random_tensors()], settings=settings_on_disk)
    settings = read_folder(folder, "tiny").settings[0]
    assert settings.kwargs["segment"] == Fraction(39, 5)
    assert settings.segment_samples == 343_980


def test_half_precision_becomes_float32(folder: Path) -> None:
    rewrite(folder, dtype=np.float16)
    weights = read_folder(folder, "short").read_weights(0)
    assert {tensor.dtype for tensor in weights.tensors.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("segment", "samples"), [(Fraction(1, 2), 22_050), (Fraction(5), 44_100)])
def test_the_bag_may_only_shorten_an_htdemucs(folder: Path, segment: Fraction, samples: int) -> None:
    settings = read_folder(folder, "short").settings[0]
    assert settings.with_segment(segment).segment_samples == samples


def test_refuses_weights_that_changed(folder: Path) -> None:
    model = read_folder(folder, "short")
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(WeightsMismatchError, match="not the file that was recorded"):
        model.read_weights(0)


def test_refuses_a_bag_that_changed(folder: Path) -> None:
    with (folder / "short.yaml").open("a") as file:
        file.write("segment: 1\n")
    with pytest.raises(WeightsMismatchError, match=r"short\.yaml"):
        read_folder(folder, "short")


@pytest.mark.parametrize("klass", ["os.system", "demucs.htdemucs.HTDemucsEvil", "torch.nn.Linear"])
def test_refuses_a_foreign_class(tmp_path: Path, klass: str) -> None:
    folder = write_files(tmp_path, "foreign", [random_tensors()], klass=klass)
    with pytest.raises(WeightsMismatchError, match="not allowed"):
        read_folder(folder, "foreign")


def test_refuses_quantized_weights(folder: Path) -> None:
    rewrite(folder, structure="{}")
    with pytest.raises(WeightsMismatchError, match="quantized"):
        read_folder(folder, "short")


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"\xff" * 64, b"\x02" + b"\0" * 7 + b"{}"])
def test_refuses_a_file_that_is_not_safetensors(folder: Path, content: bytes) -> None:
    (folder / WEIGHTS).write_bytes(content)
    write_record(folder, hash_files(folder, "short"))
    with pytest.raises(WeightsMismatchError):
        read_folder(folder, "short")


@pytest.mark.parametrize(
    "bag",
    [
        "[]",
        "models: []",
        "models: ['../x']",
        "models: ['00000000']\nweights: [[1]]",
        "a: &a [*a",
        "models: 3",
    ],
)
def test_refuses_a_broken_bag(folder: Path, bag: str) -> None:
    hashes = hash_files(folder, "short")
    (folder / "short.yaml").write_text(bag)
    write_record(folder, {**hashes, "short.yaml": hashlib.sha256(bag.encode()).hexdigest()})
    with pytest.raises(WeightsMismatchError):
        read_folder(folder, "short")


def test_refuses_a_model_without_a_record(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(ModelNotInstalledError, match="models record"):
        read_folder(folder, "short")


def test_refuses_a_model_whose_weights_are_missing(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelNotInstalledError, match=WEIGHTS):
        read_folder(folder, "short")


def test_several_weights_are_named_by_one_hash(tmp_path: Path) -> None:
    folder = write_files(tmp_path, "bag", [random_tensors(0), random_tensors(1)])
    model = read_folder(folder, "bag")
    assert len(model.weights_sha256) == 64
    assert model.weights_sha256 not in model.hashes.values()


class TestModelLibrary:
    @pytest.mark.parametrize("name", ["../short", "", "a/b", "-x", "a" * 65, "short\n"])
    def test_refuses_a_path_as_a_name(self, folder: Path, name: str) -> None:
        with pytest.raises(UnknownModelError):
            ModelLibrary(folder.parent).find(name)

    def test_distinguishes_unknown_from_not_installed(self, folder: Path) -> None:
        with pytest.raises(UnknownModelError, match="installed are"):
            ModelLibrary(folder.parent).find("nonsense")
        with pytest.raises(ModelNotInstalledError, match="models get htdemucs"):
            ModelLibrary(folder.parent).find("htdemucs")

    def test_lists_complete_models(self, folder: Path) -> None:
        write_files(folder.parent, "broken", [random_tensors()])
        (folder.parent / "broken" / WEIGHTS).unlink()
        names = {model.name for model in ModelLibrary(folder.parent).installed()}
        assert "short" in names
        assert "broken" not in names


def rewrite(folder: Path, dtype: type[np.floating] = np.float32, **more: str) -> None:
    """Rewrite the weights in another precision or with more metadata, and record them."""
    content = (folder / WEIGHTS).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    tensors: dict[str, NDArray[np.floating]] = {
        name: tensor.astype(dtype) for name, tensor in load_file(folder / WEIGHTS).items()
    }
    save_file(tensors, folder / WEIGHTS, {**header["__metadata__"], **more})
    write_record(folder, hash_files(folder, "short"))
