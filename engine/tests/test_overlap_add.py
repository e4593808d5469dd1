from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from separation_engine.common.wav import WavWriter
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.plan import make_plan
from tests.runs import EchoNetwork, make_model, make_request, run_jobs, run_one
from tests.sounds import RATE, noise


@pytest.mark.parametrize("samples", [1, 2, 4410, RATE - 1, RATE, RATE + 1, 100_001, 3 * RATE])
@pytest.mark.parametrize(
    ("overlap", "shifts", "batch"),
    [(0.25, 0, 1), (0.1, 0, 1), (0, 0, 3), (0.9, 0, 1), (0.25, 3, 1), (0.5, 2, 4)],
)
def test_every_sample_comes_out_once_at_full_weight(
    tmp_path: Path, samples: int, overlap: float, shifts: int, batch: int
) -> None:
    mix = noise(samples)
    model = make_model([EchoNetwork(max_batch=batch), EchoNetwork(max_batch=batch)])
    stems, _ = run_one(model, make_request(tmp_path, mix, overlap=overlap, shifts=shifts))
    # the network sees the mix without its DC offset, which `other` gets back
    offset = mix.mean(axis=1, keepdims=True)
    for name, level in zip(model.sources, (0.4, 0.3, 0.2, 0.1), strict=True):
        assert stems[name].shape == mix.shape
        np.testing.assert_allclose(
            stems[name], level * (mix - offset) + (offset if name == "other" else 0), atol=1e-6
        )


def test_progress_counts_every_pass_and_never_goes_back(tmp_path: Path) -> None:
    request = make_request(tmp_path, noise(5 * RATE), shifts=2)
    progress = run_jobs(make_model([EchoNetwork(), EchoNetwork()]), request).progress["job"]
    done, written = [one.done_samples for one in progress], [one.written_samples for one in progress]
    assert done == sorted(set(done))
    assert written == sorted(written)
    assert done[-1] == progress[-1].total_samples >= 4 * 5 * RATE
    assert written[-1] == 5 * RATE
    assert written[len(written) // 2] > RATE, "stems must be written while the rest is separated"


def test_the_accumulator_is_bounded_in_the_length_of_the_song() -> None:
    spans = [
        make_plan(
            song_samples=minutes * 60 * RATE,
            segment_samples=343_980,
            sample_rate=RATE,
            networks=(0, 1),
            overlap=0.25,
            shifts=2,
        ).span
        for minutes in (1, 60)
    ]
    assert spans[0] == spans[1] <= 343_980 + RATE // 2


def test_the_stems_of_a_bag_grow_together() -> None:
    segment, stride = 343_980, 257_985
    plan = make_plan(
        song_samples=60 * RATE,
        segment_samples=segment,
        sample_rate=RATE,
        networks=(0, 1, 2, 3),
        overlap=0.25,
        shifts=0,
    )
    # a listener hears all stems after one segment of each network, not after three whole passes
    assert [one.network for one in plan.segments[:8]] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert plan.finished[:8] == (0, 0, 0, stride, stride, stride, stride, 2 * stride)


def test_memory_is_flat_in_the_length_of_the_song(tmp_path: Path) -> None:
    model = make_model([EchoNetwork(segment_samples=343_980)])
    short, long = (peak_bytes(tmp_path, minutes, model) for minutes in (1, 6))
    assert long < 1.1 * short


def peak_bytes(folder: Path, minutes: int, model: LoadedModel) -> int:
    writer = WavWriter(folder / "long.wav", minutes * 60 * RATE, RATE)
    for second in range(minutes * 60):
        writer.write(noise(RATE) * np.float32(0.5 + second % 2 / 2))
    writer.finish()
    request = make_request(folder, noise(1))
    (folder / "long.wav").replace(request.input)
    tracemalloc.start()
    try:
        run_jobs(model, request)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
