"""Caches compiled models on disk: loading takes a second, compiling takes many."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from separation_engine.backends.openvino.memory_mapped_model import MemoryMappedModel
from separation_engine.backends.openvino.runtime import Core

_LOG = logging.getLogger(__name__)
# four networks of a full-size bag in both precisions
_LIMIT_BYTES = 2 * 1024**3
_SUFFIX = ".compiled"
_PARTIAL_SUFFIX = ".part"
_LONGEST_WRITE_SECONDS = 3600


class CompiledCache:
    """Publishes complete files only, and deletes the least recently used above its size limit."""

    def __init__(
        self, folder: Path, core: Core, options: Mapping[str, Any], limit: int = _LIMIT_BYTES
    ) -> None:
        self._folder = folder
        self._core = core
        self._options = dict(options)
        self._limit = limit

    def load(self, identity: tuple[object, ...], compile_to: Callable[[Path], None]) -> MemoryMappedModel:
        """The compiled model with this identity. Compiles and stores it if it is missing or unusable.

        identity: everything the compiled model depends on. compile_to: writes it to a path.
        """
        name = hashlib.sha256("\n".join(map(str, identity)).encode()).hexdigest()[:32]
        path = self._folder / f"{name}{_SUFFIX}"
        found = self._find(path) or self._make(path, compile_to)
        # other processes may clean the folder too, or it may be read-only
        with suppress(OSError):
            os.utime(path)
            self._shrink(keep=path)
        return found

    def _find(self, path: Path) -> MemoryMappedModel | None:
        try:
            with path.open("rb") as file:
                return MemoryMappedModel(file, self._core, self._options)
        except OSError:
            return None
        except (RuntimeError, ValueError):
            _LOG.warning("the compiled model %s is unusable, compiling it again", path.name)
            return None

    def _make(self, path: Path, compile_to: Callable[[Path], None]) -> MemoryMappedModel:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial, name = tempfile.mkstemp(_PARTIAL_SUFFIX, dir=self._folder)
        except OSError as error:
            _LOG.warning("cannot cache compiled models, so every start will be slow: %s", error)
            partial, name = tempfile.mkstemp(_PARTIAL_SUFFIX)
            path = Path(name)
        try:
            with os.fdopen(partial, "rb") as file:
                compile_to(Path(name))
                # without this, a power cut could leave a truncated file that every start would map
                os.fsync(file.fileno())
                made = MemoryMappedModel(file, self._core, self._options)
            if path != Path(name):
                Path(name).replace(path)
            return made
        finally:
            Path(name).unlink(missing_ok=True)

    def _shrink(self, keep: Path) -> None:
        for partial in self._folder.glob(f"*{_PARTIAL_SUFFIX}"):
            if partial.stat().st_mtime < time.time() - _LONGEST_WRITE_SECONDS:
                partial.unlink()
        stats = {path: path.stat() for path in self._folder.glob(f"*{_SUFFIX}")}
        total = sum(stat.st_size for stat in stats.values())
        for path in sorted(stats, key=lambda path: stats[path].st_mtime):
            if total <= self._limit:
                break
            if path != keep:
                path.unlink()
                total -= stats[path].st_size
