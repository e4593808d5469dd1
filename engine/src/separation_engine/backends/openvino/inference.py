"""Runs a compiled model under the process-wide inference lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from separation_engine.backends.openvino.inference_lock import InferenceLock
from separation_engine.backends.openvino.memory_mapped_model import MemoryMappedModel
from separation_engine.backends.openvino.runtime import Request
from separation_engine.common.wav import Samples

_LOCK = InferenceLock()


class Inference:
    """Owns one infer request, and frees it while another model runs."""

    def __init__(self, compiled: MemoryMappedModel) -> None:
        self._compiled = compiled
        self._request: Request | None = None
        self._ran = False

    @contextmanager
    def run(self, inputs: Sequence[Samples]) -> Iterator[list[Samples]]:
        """The outputs in order. They share the request's memory, so use them inside the `with` only."""
        with _LOCK.hold(self):
            if self._request is None:
                self._request = self._compiled.model.create_infer_request()
            yield [*self._request.infer([*inputs], share_inputs=True, share_outputs=True).values()]
        if not self._ran:
            self._compiled.drop_pages()
            self._ran = True

    def release_memory(self) -> None:
        """Free the request, its outputs and the intermediate tensors."""
        self._request = None
        self._compiled.model.release_memory()

    def close(self) -> None:
        _LOCK.forget(self)
        # in this order: the request reads from the compiled model
        del self._request
        del self._compiled
