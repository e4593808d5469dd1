"""Compiled models as files: exported by OpenVINO, then memory-mapped."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from mmap import ACCESS_COPY, MADV_DONTNEED, mmap
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from separation_engine.backends.openvino.runtime import CompiledModel, Core, ov

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class MemoryMappedModel:
    """A compiled model whose weights stay in a mapped file. You may close or delete the file."""

    def __init__(self, file: IO[bytes], core: Core, options: Mapping[str, Any]) -> None:
        """Raises RuntimeError or ValueError if this OpenVINO cannot import the file."""
        # openvino accepts writable memory only, but never writes to it
        self._pages = mmap(file.fileno(), 0, access=ACCESS_COPY)
        content = ov.Tensor(np.frombuffer(self._pages, np.uint8), shared_memory=True)
        self.model: CompiledModel = core.import_model(content, "CPU", dict(options))

    def drop_pages(self) -> None:
        """Free the file's pages. After the first run OpenVINO has copies in its own layout."""
        self._pages.madvise(MADV_DONTNEED)


def export_model(model: CompiledModel, file: IO[bytes]) -> None:
    """Write a compiled model. Raises OSError."""
    model.export_model(_Sink(file))
    file.flush()


class _Sink(BytesIO):
    """Forwards OpenVINO's output to a file, because export_model accepts only a BytesIO."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def write(self, content: ReadableBuffer) -> int:
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)
