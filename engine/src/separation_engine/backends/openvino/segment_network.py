"""What networks of a fixed segment have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from separation_engine.backends.openvino.inference import Inference
from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.common.errors import OutOfMemoryError
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkSettings
from separation_engine.networks.attenuation import attenuation


class SegmentNetwork(ABC):
    """Runs segments one by one."""

    max_batch = 1
    asynchronous = False

    def __init__(self, network: NetworkSettings, inference: Inference) -> None:
        self.sources = network.sources
        self.sample_rate = network.sample_rate
        self.segment_samples = network.segment_samples
        self._inference = inference

    @abstractmethod
    def separate(self, mix: Samples) -> Samples:
        """(channels=2, segment_samples) to (sources, channels=2, segment_samples)."""

    def input_samples(self, _samples: int, /) -> int:
        # every chunk is a whole segment
        return self.segment_samples

    def forward(self, mixes: Samples) -> Samples:
        stems = self.start(mixes)
        # avoids copying a single result
        return stems[0][np.newaxis] if len(stems) == 1 else np.stack(stems)

    def start(self, mixes: Samples) -> Sequence[Samples]:
        try:
            return [self._in_range(mix) for mix in mixes]
        except MemoryError as error:
            raise OutOfMemoryError("a segment does not fit in memory") from error

    def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
        return NumpyAccumulator(stems, span)

    def close(self) -> None:
        self._inference.close()

    def _in_range(self, mix: Samples) -> Samples:
        gain = attenuation(mix)
        return self.separate(mix) if gain == 1 else np.divide(self.separate(mix * np.float32(gain)), gain)
