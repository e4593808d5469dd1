from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from separation_engine.architectures.roformer.description.bands import mel_bands
from separation_engine.architectures.roformer.description.settings import read_roformer_settings
from separation_engine.common.errors import WeightsMismatchError
from tests.roformer.weights import OTHER, SMALL, Load, make_weights

# of librosa 0.11, which the training code cuts its bands with: bins under each of 60 triangles
MEL_WIDTHS = [
    7,
    *[6] * 14,
    7,
    7,
    7,
    9,
    9,
    9,
    10,
    10,
    11,
    13,
    13,
    13,
    15,
    16,
    17,
    19,
    20,
    20,
    22,
    24,
    26,
    28,
    29,
    31,
]
MEL_WIDTHS += [33, 36, 39, 41, 44, 47, 50, 54, 57, 61, 66, 71, 76, 80, 86, 93, 99, 105, 113, 122, 130]


def test_mel_bands_are_those_of_the_training_code() -> None:
    bands = mel_bands(60, 2048, 44100)

    assert [len(band) for band in bands] == MEL_WIDTHS
    assert bands[0].start == 0
    assert bands[-1].stop == 1025
    # two triangles lie over each bin between the centers of the first and the last one
    assert all(one.start < other.start < one.stop for one, other in pairwise(bands))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stereo", False),
        ("linear_transformer_depth", 1),
        ("skip_connection", True),
        ("use_pope", True),
        ("stft_normalized", True),
        ("freq_range", [0, 512]),
        ("num_stems", 3),
        ("stft_win_length", 512),
        ("freqs_per_bands", [4, 4]),
        ("freqs_per_bands", "all"),
        ("stft_hop_length", 0),
        ("stft_hop_length", 2048),
        ("depth", None),
        ("dim", "wide"),
        ("segment", Fraction(1, 3)),
    ],
)
def test_refuses_settings_that_it_would_compute_wrongly(name: str, value: object) -> None:
    weights = make_weights("bs", SMALL)

    reason = replace(weights, kwargs={**SMALL, name: value}).refusal("openvino")

    assert reason is not None
    assert reason == replace(weights, kwargs={**SMALL, name: value}).refusal("torch")


def test_refuses_more_mel_bands_than_bins() -> None:
    weights = make_weights("mel", SMALL)

    for count in (0, 600, 2000, "many"):
        assert replace(weights, kwargs={**SMALL, "num_bands": count}).refusal("openvino") is not None


def test_refuses_tensors_that_do_not_fit(load: Load) -> None:
    weights = make_weights("bs", OTHER)
    name = "layers.1.0.layers.0.0.to_qkv.weight"
    some = dict(weights.tensors)
    missing = {key: value for key, value in some.items() if key != name}
    wrong = {**some, name: np.zeros((3 * 4 * 16, 31), np.float32)}
    left = {**some, "layers.2.0.layers.0.0.norm.gamma": np.ones(32, np.float32)}

    for tensors, reason in ((missing, "have no tensor"), (wrong, "has the shape"), (left, "leaves out")):
        with pytest.raises(WeightsMismatchError, match=reason):
            load(replace(weights, tensors=tensors, sha256=reason))


def test_knows_its_sizes() -> None:
    settings = read_roformer_settings(make_weights("bs", OTHER))

    assert (settings.frames, settings.segment_samples) == (65, 512 * 64)
    assert sum(settings.widths) == 4 * 513
