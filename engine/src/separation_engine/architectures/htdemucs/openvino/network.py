"""One HTDemucs on the CPU."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from separation_engine.architectures.htdemucs.openvino.stft import SpectrumTransform, mean_and_deviation
from separation_engine.architectures.htdemucs.settings import Architecture
from separation_engine.backends.base import Samples
from separation_engine.backends.openvino.inference_lock import Turns
from separation_engine.backends.openvino.memory_mapped_model import MappedModel
from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.backends.openvino.runtime import Request
from separation_engine.errors import OutOfMemoryError

# as in HTDemucs: keeps silence from being divided by zero
_EPSILON = 1e-5
# louder mixes are scaled down and up again: their squares would not fit in float32
_LOUDEST = 2.0**40


class OpenvinoNetwork:
    """Runs segments one after the other, by turns with the other networks of the process."""

    max_batch = 1
    asynchronous = False

    def __init__(self, architecture: Architecture, compiled: MappedModel, threads: int, turns: Turns) -> None:
        self.sources = architecture.sources
        self.sample_rate = architecture.sample_rate
        self.segment_samples = architecture.segment_samples
        self._compiled = compiled
        self._request: Request | None = None
        self._ran = False
        self._transform = SpectrumTransform(architecture, threads)
        self._turns = turns

    def input_samples(self, _samples: int, /) -> int:
        # every chunk is a whole segment
        return self.segment_samples

    def forward(self, mixes: Samples) -> Samples:
        stems = self.start(mixes)
        # one alone is not copied
        return stems[0][np.newaxis] if len(stems) == 1 else np.stack(stems)

    def start(self, mixes: Samples) -> Sequence[Samples]:
        try:
            return [self._separate(mix).reshape(len(self.sources), 2, -1) for mix in mixes]
        except MemoryError as error:
            raise OutOfMemoryError("a segment does not fit in memory") from error

    def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
        return NumpyAccumulator(stems, span)

    def close(self) -> None:
        self._turns.leave(self)
        self._transform.close()
        # in this order: the request goes before what it reads from
        del self._request
        del self._compiled

    def rest(self) -> None:
        """Give back the request with its outputs, and what lies between layers."""
        self._request = None
        self._compiled.model.release_memory()

    def _separate(self, mix: Samples) -> Samples:
        """mix: (2, samples); the answer: (2 * sources, samples)."""
        quieter = _quieter(mix)
        if quieter < 1:
            return np.divide(self._separate(mix * quieter), quieter)
        spectrum = self._transform.forward(mix)
        bins_mean, bins_deviation = mean_and_deviation(spectrum)
        spectrum -= np.float32(bins_mean)
        spectrum /= np.float32(_EPSILON + bins_deviation)
        mean, deviation = mean_and_deviation(mix)
        wave = (mix - np.float32(mean)) / np.float32(_EPSILON + deviation)
        with self._turns.take(self):
            if self._request is None:
                self._request = self._compiled.model.create_infer_request()
            spectra, waves = self._request.infer(
                [spectrum[None], wave[None, :, None]], share_inputs=True, share_outputs=True
            ).values()
            stems: Samples = waves[0, :, 0] * np.float32(deviation)
            stems += np.float32(mean)
            self._transform.add_inverse(stems, spectra[0], bins_mean, bins_deviation)
        if not self._ran:
            self._compiled.forget_pages()
            self._ran = True
        return stems


def _quieter(mix: Samples) -> float:
    """Gain, a power of two, that brings the mix below _LOUDEST."""
    peak = float(np.abs(mix).max())
    if peak <= _LOUDEST:
        return 1.0
    return math.ldexp(1.0, math.floor(math.log2(_LOUDEST / peak)))
