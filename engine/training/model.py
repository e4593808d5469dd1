"""The architecture of the demo model: a real HTDemucs, as small as possible."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from demucs.htdemucs import HTDemucs
from torch import Tensor

from training.synthesis import SAMPLE_RATE, STEMS

SEGMENT = Fraction(39, 5)
SEGMENT_SAMPLES = int(SEGMENT * SAMPLE_RATE)

MODEL_KWARGS: dict[str, Any] = {
    "sources": list(STEMS),
    "channels": 8,
    "dconv_comp": 4,
    "bottom_channels": 32,
    "t_layers": 1,
    "t_heads": 4,
    "segment": SEGMENT,
}


class Demo:
    """The demo model while it trains."""

    klass = f"{HTDemucs.__module__}.{HTDemucs.__qualname__}"
    kwargs = MODEL_KWARGS

    def __init__(self) -> None:
        self._model: HTDemucs = HTDemucs(**MODEL_KWARGS)
        self._model.train()

    def learned(self) -> Iterable[Tensor]:
        parameters: Iterable[Tensor] = self._model.parameters()
        return parameters

    def tensors(self) -> Mapping[str, Tensor]:
        state: Mapping[str, Tensor] = self._model.state_dict()
        return state

    def stems(self, mix: Tensor) -> Tensor:
        stems: Tensor = self._model(mix)
        return stems

    def targets(self, stems: Tensor) -> Tensor:
        return stems


def demo() -> Demo:
    """An untrained model. Its weights depend on torch's global seed."""
    return Demo()
