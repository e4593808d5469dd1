"""Reads the tensors of a checkpoint: a ZIP file with one pickle and a file for each storage."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.errors import WeightsMismatchError
from separation_engine.models.checkpoint.pickled import Storage, StoredTensor, interpret

# wrappers of training code and compilers
_PREFIXES = ("model.", "module.", "_orig_mod.")
# where training code keeps the weights beside the state of the training
_WRAPPERS = ("state_dict", "model_state_dict", "model", "state", "ema", "best_state")
_PICKLE = "data.pkl"
# what zipfile and NumPy raise for malformed files
_DAMAGE = (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, ArithmeticError, struct.error)


def read_checkpoint(path: Path) -> dict[str, NDArray[np.generic]]:
    """Tensors by name, as `torch.load` reads them; bfloat16 is widened to float32.

    Each has memory of its own; together they take at most four times the file's size.
    Raises WeightsMismatchError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return dict(_read(archive, path.stat().st_size))
    except _DAMAGE as error:
        raise WeightsMismatchError(
            f"{path.name} is not a checkpoint of PyTorch 1.6 or newer, or it is damaged: {error}"
        ) from error


def _read(archive: zipfile.ZipFile, file_size: int) -> Iterator[tuple[str, NDArray[np.generic]]]:
    entries = _entries(archive, file_size)
    pickled = next((name for name in entries if PurePosixPath(name).name == _PICKLE), None)
    if pickled is None:
        raise WeightsMismatchError("the file is a ZIP file, but not a checkpoint")
    folder = PurePosixPath(pickled).parent
    order = entries.get(str(folder / "byteorder"))
    if order is not None and archive.read(order) != b"little":
        raise WeightsMismatchError("the checkpoint was written on a big-endian machine")
    found = _tensors(interpret(archive.read(entries[pickled])))
    left = 4 * file_size
    storages: dict[tuple[str, str], NDArray[np.generic]] = {}
    for name, tensor in found.items():
        storage, entry = tensor.storage, entries.get(str(folder / "data" / tensor.storage.key))
        if entry is None:
            raise WeightsMismatchError(f"the checkpoint has no data for {name}")
        key = (storage.key, storage.dtype)
        if key not in storages:
            storages[key] = _numbers(archive.read(entry), storage, name)
        view = _view(storages[key], tensor, name)
        left -= view.nbytes
        if left < 0:
            raise WeightsMismatchError("the tensors of the checkpoint are larger than its file")
        yield name, view.copy()


def _entries(archive: zipfile.ZipFile, file_size: int) -> Mapping[str, zipfile.ZipInfo]:
    # entries that lie over each other would take more memory than the file has
    if sum(entry.file_size for entry in archive.infolist()) > file_size:
        raise WeightsMismatchError("what the checkpoint contains is larger than its file")
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        # torch never compresses
        if entry.compress_type != zipfile.ZIP_STORED:
            raise WeightsMismatchError(f"{entry.filename[:80]!r} in the checkpoint is compressed")
        if entry.filename in entries:
            raise WeightsMismatchError(f"{entry.filename[:80]!r} is in the checkpoint twice")
        entries[entry.filename] = entry
    return entries


def _tensors(content: object) -> dict[str, StoredTensor]:
    """The weights in the object that was saved, without the wrappers around them."""
    found = content
    for wrapper in _WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    tensors: dict[str, StoredTensor] = {}
    for name, value in found.items() if isinstance(found, dict) else ():
        if not isinstance(name, str) or not isinstance(value, StoredTensor):
            continue
        short = _strip(name)
        if short in tensors:
            raise WeightsMismatchError(f"the checkpoint has two tensors {short[:80]}")
        tensors[short] = value
    if not tensors:
        raise WeightsMismatchError("the checkpoint holds no weights")
    return tensors


def _strip(name: str) -> str:
    while prefix := next((one for one in _PREFIXES if name.startswith(one)), None):
        name = name.removeprefix(prefix)
    return name


def _numbers(content: bytes, storage: Storage, name: str) -> NDArray[np.generic]:
    dtype = np.dtype("<u2" if storage.dtype == "bfloat16" else storage.dtype)
    if len(content) != storage.count * dtype.itemsize:
        raise WeightsMismatchError(f"{name[:80]} has a storage of another size than its data")
    numbers: NDArray[np.generic] = np.frombuffer(content, dtype)
    if storage.dtype == "bfloat16":
        numbers = (numbers.astype("<u4") << np.uint32(16)).view("<f4")
    return numbers


def _view(numbers: NDArray[np.generic], tensor: StoredTensor, name: str) -> NDArray[np.generic]:
    """The part of a storage that a tensor shows, within its bounds."""
    shape, strides = tensor.shape, tensor.strides
    if len(shape) != len(strides) or any(size < 0 for size in shape) or tensor.offset < 0:
        raise WeightsMismatchError(f"{name[:80]} has a malformed shape")
    if 0 in shape:
        return np.empty(shape, numbers.dtype)
    # a stride of 0 would show the same number many times
    if any(stride < 1 for size, stride in zip(shape, strides, strict=True) if size > 1):
        raise WeightsMismatchError(f"{name[:80]} has a stride of 0 or less")
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if last >= numbers.size:
        raise WeightsMismatchError(f"{name[:80]} reaches beyond its data")
    in_bytes = [
        stride * numbers.itemsize if size > 1 else 0 for size, stride in zip(shape, strides, strict=True)
    ]
    return np.lib.stride_tricks.as_strided(numbers[tensor.offset :], shape, in_bytes, writeable=False)
