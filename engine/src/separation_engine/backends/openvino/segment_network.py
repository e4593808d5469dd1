"""What networks of a fixed segment have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from separation_engine.backends.openvino.inference import Inference
from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.backends.openvino.numpy_song import NumpySong
from separation_engine.common.errors import OutOfMemoryError
from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.architecture import NetworkSettings
from separation_engine.networks.attenuation import attenuation
from separation_engine.networks.interface import Mixes


class SegmentNetwork(ABC):
    """Runs segments one by one."""

    max_batch = full_batch = 1
    asynchronous = False

    def __init__(self, network: NetworkSettings, inferences: Sequence[Inference]) -> None:
        self.sources = network.sources
        self.sample_rate = network.sample_rate
        self.segment_samples = network.segment_samples
        self._inferences = inferences

    @abstractmethod
    def separate(self, mix: Samples, stems: Sequence[int]) -> Samples:
        """(channels=2, segment_samples) to (stems, channels=2, segment_samples).

        stems: indices of the sources to make, ascending.
        """

    def input_samples(self, _samples: int, /) -> int:
        # every chunk is a whole segment
        return self.segment_samples

    def forward(self, mixes: Samples) -> Samples:
        stems = self.start(mixes, range(len(self.sources)))
        # avoids copying a single result
        return stems[0][np.newaxis] if len(stems) == 1 else np.stack(stems)

    def song(self, reader: WavReader, *, normalized: bool) -> NumpySong:
        return NumpySong(reader, normalized=normalized)

    def start(self, mixes: Mixes, stems: Sequence[int]) -> Sequence[Samples]:
        try:
            return [self._estimate(mix, stems) for mix in mixes]
        except MemoryError as error:
            raise OutOfMemoryError("a segment does not fit in memory") from error

    def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
        return NumpyAccumulator(stems, span)

    def close(self) -> None:
        for inference in self._inferences:
            inference.close()

    def _estimate(self, mix: Samples, stems: Sequence[int]) -> Samples:
        found = self._in_range(mix, stems)
        if len(stems) == len(self.sources):
            return found
        estimate = np.zeros((len(self.sources), *mix.shape), np.float32)
        estimate[[*stems]] = found
        return estimate

    def _in_range(self, mix: Samples, stems: Sequence[int]) -> Samples:
        gain = attenuation(mix)
        if gain == 1:
            return self.separate(mix, stems)
        return np.divide(self.separate(mix * np.float32(gain), stems), gain)
