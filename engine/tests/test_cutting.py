from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from separation_engine.common.wav import Samples
from separation_engine.networks.cutting import FADES
from tests.runs import EchoNetwork, make_model, make_request, run_one
from tests.sounds import noise

SEGMENT = 1000
STEPS = {0.05: 950, 0.1: 900, 0.5: 500, 0.75: 250}


class PlacedNetwork(EchoNetwork):
    """Its result depends on where in a segment a sample is, and on the samples before and after it."""

    def forward(self, mixes: Samples) -> Samples:
        ramp = np.linspace(0.5, 1, mixes.shape[2], dtype=np.float32)
        return super().forward(mixes * ramp + 0.1 * mixes[..., ::-1])


def trained_result(mix: Samples, step: int) -> Samples:
    """What the training code makes of a song: the sum of the network's four stems.

    Segments of a reflected song, one after the other, weighed and divided by the sum of the weights.
    """
    border = SEGMENT - step
    if border == 0 or mix.shape[1] <= 2 * border:
        border = 0
    padded = np.pad(mix, ((0, 0), (border, border)), mode="reflect") if border else mix
    fade = np.linspace(0, 1, SEGMENT // 10)
    sums, weights = np.zeros(padded.shape), np.zeros(padded.shape[1])
    network = PlacedNetwork(SEGMENT)
    for start in range(0, padded.shape[1], step):
        part = padded[:, start : start + SEGMENT]
        known = part.shape[1]
        rest = ((0, 0), (0, SEGMENT - known))
        part = np.pad(part, rest, mode="reflect") if known > SEGMENT // 2 else np.pad(part, rest)
        window = np.ones(SEGMENT)
        if start > 0:
            window[: fade.size] = fade
        if start + step < padded.shape[1]:
            window[-fade.size :] = fade[::-1]
        stem = network.forward(part[np.newaxis].astype(np.float32))[0].sum(axis=0)
        sums[:, start : start + known] += (stem * window)[:, :known]
        weights[start : start + known] += window[:known]
    result: Samples = (sums / weights)[:, border : border + mix.shape[1]].astype(np.float32)
    return result


@pytest.mark.parametrize("overlap", STEPS)
@pytest.mark.parametrize("samples", [1, 90, 499, 1000, 1001, 1500, 2345, 5400, 9999])
def test_equals_the_code_that_the_networks_were_trained_with(
    tmp_path: Path, samples: int, overlap: float
) -> None:
    mix = noise(samples)
    model = make_model([PlacedNetwork(SEGMENT)], cutting=FADES)

    stems, _ = run_one(model, make_request(tmp_path, mix, overlap=overlap))

    found = np.sum([stems[name] for name in model.sources], axis=0)
    np.testing.assert_allclose(found, trained_result(mix, STEPS[overlap]), rtol=0, atol=2e-6)


def test_a_song_keeps_its_level_and_its_offset(tmp_path: Path) -> None:
    mix = 0.01 * noise(3000) + np.float32(0.2)
    model = make_model([EchoNetwork(SEGMENT)], cutting=FADES)

    stems, _ = run_one(model, make_request(tmp_path, mix, overlap=0.1))

    for name, level in zip(model.sources, (0.4, 0.3, 0.2, 0.1), strict=True):
        np.testing.assert_allclose(stems[name], level * mix, atol=1e-7)
