"""Songs on a torch device give what songs in the process's memory give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from separation_engine.backends.openvino.numpy_song import NumpySong
from separation_engine.backends.torch import song as torch_song
from separation_engine.backends.torch.song import TorchSong
from separation_engine.common.errors import InvalidInputError
from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.interface import DeviceSamples, Song
from separation_engine.networks.normalisation import BLOCK_SAMPLES, measure_normalisation
from separation_engine.networks.stem_block import Output, PendingBlocks, StemBlock
from tests.sounds import RATE, noise, song, write_wav

CPU = torch.device("cpu")
# longer than what goes to the device at once
LONG = (1 << 20) + 1000


@pytest.fixture
def reader(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WavReader]:
    mix = song(getattr(request, "param", 3 * RATE)) + np.array([[0.02], [-0.05]], np.float32)
    with closing(WavReader(write_wav(tmp_path / "song.wav", mix))) as found:
        yield found


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("reader", [LONG], indirect=True)
def test_mixes_have_the_same_bits(reader: WavReader, resident: bool, normalized: bool) -> None:
    ours = TorchSong(reader, CPU, normalized=normalized, resident=resident)
    reference = NumpySong(reader, normalized=normalized)
    for first in (-100, 0, RATE, LONG - RATE, LONG - 1):
        np.testing.assert_array_equal(ours.mix(first, 2 * RATE), reference.mix(first, 2 * RATE))
    positions = np.abs(np.arange(-50, RATE))
    for samples in (len(positions), len(positions) + 9):
        np.testing.assert_array_equal(ours.gather(positions, samples), reference.gather(positions, samples))


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("rest", [None, 1])
def test_finished_stems_have_the_same_bits(reader: WavReader, resident: bool, rest: int | None) -> None:
    songs: Sequence[Song] = [
        NumpySong(reader, normalized=True),
        TorchSong(reader, CPU, normalized=True, resident=resident),
    ]
    joined = noise(3 * 2 * RATE).reshape(3, 2, 2 * RATE)
    outputs = [Output(2), Output(1), Output(0, complement=True)]
    given = [joined, torch.from_numpy(joined.copy())]
    expected, found = (
        together(one.finish(RATE // 2, stems, rest, outputs)) for one, stems in zip(songs, given, strict=True)
    )
    np.testing.assert_array_equal(found.frames, expected.frames)
    assert found.peaks == expected.peaks == [float(peak) for peak in np.abs(expected.frames).max((1, 2))]
    assert found.mix_energy == pytest.approx(expected.mix_energy, rel=1e-5)
    assert found.rest_energy == pytest.approx(expected.rest_energy, rel=1e-5)
    np.testing.assert_array_equal(np.asarray(given[1]), joined)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("resident", [True, False])
def test_a_sample_that_is_not_finite_shows_in_its_peak(
    reader: WavReader, resident: bool, value: float
) -> None:
    joined = np.zeros((2, 2, RATE), np.float32)
    joined[1, 0, 17] = value
    outputs = [Output(0), Output(1)]
    songs: Sequence[tuple[Song, DeviceSamples]] = [
        (NumpySong(reader, normalized=True), joined),
        (TorchSong(reader, CPU, normalized=True, resident=resident), torch.from_numpy(joined)),
    ]
    for one, stems in songs:
        first, second = together(one.finish(0, stems, None, outputs)).peaks
        assert np.isfinite(first)
        assert not np.isfinite(second)


def test_nothing_is_final_yet(reader: WavReader) -> None:
    nothing = torch.zeros((2, 2, 0))
    blocks = TorchSong(reader, CPU, normalized=True, resident=True).finish(0, nothing, None, [Output(0)])
    assert list(blocks()) == []


@pytest.mark.parametrize("samples", [1, 2, BLOCK_SAMPLES, BLOCK_SAMPLES + 1, 3 * RATE + 7])
def test_measures_mean_and_deviation(samples: int) -> None:
    mix = song(samples) + np.array([[0.3], [-0.2]], np.float32)
    measured = measure_normalisation(blocks_of(mix))
    exact = mix.astype(np.float64)
    np.testing.assert_allclose(measured.offset[:, 0], exact.mean(axis=1), rtol=1e-6)
    deviation = exact.mean(axis=0).std(ddof=1) + 1e-8 if samples > 1 else 1
    assert float(measured.std) == pytest.approx(deviation, rel=1e-6)


@pytest.mark.parametrize(
    "make",
    [lambda one: np.stack([one, -one]), lambda one: np.full((2, one.size), 0.1, np.float32)],
    ids=["opposite phase", "constant"],
)
def test_a_song_without_a_scale_keeps_its_level(tmp_path: Path, make: Callable[[Samples], Samples]) -> None:
    mix = make(song(2 * RATE)[0])
    measured = measure_normalisation(blocks_of(mix))
    assert measured.std == 1
    with closing(WavReader(write_wav(tmp_path / "song.wav", mix))) as reader:
        on_device = TorchSong(reader, CPU, normalized=True, resident=False)
        np.testing.assert_array_equal(on_device.mix(0, mix.shape[1]), mix - measured.offset)


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("normalized", [True, False])
def test_refuses_samples_that_are_not_finite(tmp_path: Path, resident: bool, normalized: bool) -> None:
    mix = song(RATE)
    mix[1, -1] = np.nan
    with (
        closing(WavReader(write_wav(tmp_path / "song.wav", mix))) as reader,
        pytest.raises(InvalidInputError),
    ):
        TorchSong(reader, CPU, normalized=normalized, resident=resident)


@pytest.mark.parametrize("resident", [True, False])
def test_an_upload_takes_little_memory_of_the_host(
    reader: WavReader, resident: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[int] = []

    def allocate(shape: Sequence[int], *_: object) -> torch.Tensor:
        events.append(math.prod(shape))
        return torch.empty(tuple(shape))

    def reached(_: torch.device) -> Callable[[], None]:
        return lambda: events.append(0)

    monkeypatch.setattr(torch_song, "_UPLOAD_SAMPLES", 1000)
    monkeypatch.setattr(torch_song, "host_memory", allocate)
    monkeypatch.setattr(torch_song, "reached", reached)
    TorchSong(reader, CPU, normalized=True, resident=resident)
    parts = math.ceil(reader.samples / 1000)
    # four buffers; each later part waits until one of them is copied
    assert events == [2000] * 4 + [0] * (parts - 4)


def blocks_of(mix: Samples) -> list[Samples]:
    frames = np.ascontiguousarray(mix.T)
    return [frames[first : first + BLOCK_SAMPLES] for first in range(0, len(frames), BLOCK_SAMPLES)]


def together(blocks: PendingBlocks) -> StemBlock:
    found = list(blocks())
    return StemBlock(
        np.concatenate([block.frames for block in found], axis=1),
        [max(of) for of in zip(*(block.peaks for block in found), strict=True)],
        sum(block.mix_energy for block in found),
        sum(block.rest_energy for block in found),
    )
