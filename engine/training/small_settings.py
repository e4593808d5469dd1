"""Settings of the small models, without torch."""

from fractions import Fraction
from typing import Any

from training.synthesis import SAMPLE_RATE, STEMS

_HOP = 512
# both hear segments of the length that they were trained on
ROFORMER_SAMPLES = _HOP * 129
SCNET_SAMPLES = 3 * SAMPLE_RATE // 2

ROFORMER_SIZE: dict[str, Any] = {
    "dim": 32,
    "depth": 2,
    "dim_head": 16,
    "heads": 4,
    "stereo": True,
    "time_transformer_depth": 1,
    "freq_transformer_depth": 1,
}
ROFORMER_KWARGS: dict[str, Any] = {
    "sources": ["vocals"],
    **ROFORMER_SIZE,
    "freqs_per_bands": [4] * 16 + [8] * 8 + [16] * 8 + [32] * 6 + [64] * 6 + [193],
    "stft_n_fft": 2048,
    "stft_win_length": 2048,
    "stft_hop_length": _HOP,
    "segment": Fraction(ROFORMER_SAMPLES, SAMPLE_RATE),
}
SCNET_KWARGS: dict[str, Any] = {
    "sources": list(STEMS),
    "dims": [4, 16, 24, 32],
    "conv_depths": [2, 1, 1],
    "num_dplayer": 2,
    "segment": Fraction(SCNET_SAMPLES, SAMPLE_RATE),
}
