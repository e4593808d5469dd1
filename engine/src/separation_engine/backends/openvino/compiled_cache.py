"""Compiled models on disk, so that a start takes two seconds instead of five."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from mmap import ACCESS_COPY, MADV_DONTNEED, mmap
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from separation_engine.backends.openvino.runtime import CompiledModel, Core, Model, ov

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# four networks of a full-size bag in both precisions
_LIMIT_BYTES = 2 * 1024**3
_SUFFIX = ".compiled"


class MappedModel:
    """A compiled model that reads its weights from a mapped file, which it keeps open."""

    def __init__(self, path: Path, core: Core, options: Mapping[str, Any]) -> None:
        """Raises RuntimeError or ValueError when the file holds no model for this openvino."""
        with path.open("rb") as file:
            # openvino takes writable memory only; nothing is written
            self._pages = mmap(file.fileno(), 0, access=ACCESS_COPY)
        content = ov.Tensor(np.frombuffer(self._pages, np.uint8), shared_memory=True)
        self.model: CompiledModel = core.import_model(content, "CPU", options)

    def forget_pages(self) -> None:
        """Give back the memory of the file; after the first run openvino has copies in its own layout."""
        self._pages.madvise(MADV_DONTNEED)


class CompiledCache:
    """Writes whole files under final names only; the oldest go when the folder outgrows its limit."""

    def __init__(
        self, folder: Path, core: Core, options: Mapping[str, Any], limit: int = _LIMIT_BYTES
    ) -> None:
        self._folder = folder
        self._core = core
        self._options = dict(options)
        self._limit = limit

    def load(self, identity: tuple[object, ...], build: Callable[[], Model]) -> MappedModel:
        """The compiled model of this identity; where there is none, or none of use, build and store it.

        identity: everything that the compiled model depends on.
        """
        name = hashlib.sha256("\n".join(map(str, identity)).encode()).hexdigest()[:32]
        path = self._folder / f"{name}{_SUFFIX}"
        if not path.exists():
            self._store(path, build)
        try:
            compiled = MappedModel(path, self._core, self._options)
        except (RuntimeError, ValueError):
            # left by another build of openvino, or damaged
            self._store(path, build)
            compiled = MappedModel(path, self._core, self._options)
        os.utime(path)
        self._shrink(keep=path)
        return compiled

    def _store(self, path: Path, build: Callable[[], Model]) -> None:
        """The compiled model is not kept: loaded from disk it needs half the memory."""
        self._folder.mkdir(parents=True, exist_ok=True)
        compiled = self._core.compile_model(build(), "CPU", self._options)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as file:
            try:
                compiled.export_model(_Sink(file))
                # a file cut short by a power cut would be mapped at every start
                os.fsync(file.fileno())
            except BaseException:
                Path(file.name).unlink()
                raise
        Path(file.name).replace(path)

    def _shrink(self, keep: Path) -> None:
        stats = {path: path.stat() for path in self._folder.glob(f"*{_SUFFIX}")}
        total = sum(stat.st_size for stat in stats.values())
        for path in sorted(stats, key=lambda path: stats[path].st_mtime):
            if total <= self._limit:
                break
            if path != keep:
                path.unlink(missing_ok=True)
                total -= stats[path].st_size


class _Sink(BytesIO):
    """Passes on to a file what openvino writes; it takes nothing but a BytesIO."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def write(self, content: ReadableBuffer) -> int:
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)
