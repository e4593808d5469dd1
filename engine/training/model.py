"""The architecture of the demo model: a real HTDemucs, as small as possible."""

from fractions import Fraction
from typing import Any

from demucs.htdemucs import HTDemucs

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


def build_model() -> HTDemucs:
    """An untrained model. Its weights depend on torch's global seed."""
    model: HTDemucs = HTDemucs(**MODEL_KWARGS)
    return model
