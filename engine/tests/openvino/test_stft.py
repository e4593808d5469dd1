from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import demucs.spec
import torch
from numpy.typing import NDArray
from torch.nn.functional import pad

from separation_engine.architectures.htdemucs.openvino.settings import (
    HTDemucsSettings,
    read_htdemucs_settings,
)
from separation_engine.architectures.htdemucs.openvino.stft import SpectrumTransform
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.networks.architecture import NetworkSettings

# untyped
stock: Any = demucs.spec
RATE, HOP, BINS, CHANNELS = 44_100, 1024, 2048, 3
# the inverse transforms 16 frames at a time: last parts of 3, 16, 1, 2 and 15
FRAMES = [3, 16, 17, 34, 47]


def settings_for(frames: int) -> HTDemucsSettings:
    segment = Fraction(frames * HOP - 300, RATE)
    htdemucs = ARCHITECTURES["demucs.htdemucs.HTDemucs"]
    return read_htdemucs_settings(NetworkSettings(htdemucs, (["one"],), {"segment": segment}))


def in_bands(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """(bins, frames, values) in the network's layout. Cropped bins hold 99."""
    _, frames, values = spectra.shape
    whole = np.pad(spectra, ((2, 2), (0, 0), (0, 0)), constant_values=99)
    return np.ascontiguousarray(
        whole.reshape(-1, 4, frames, values).transpose(0, 2, 1, 3).reshape(-1, frames, 4 * values)
    )


@pytest.mark.parametrize("frames", FRAMES)
def test_forward_equals_stock(frames: int) -> None:
    samples = frames * HOP - 300
    wave = np.random.default_rng(frames).standard_normal((2, samples)).astype(np.float32)
    padded = pad(torch.from_numpy(wave), (1536, 1536 + 300), mode="reflect")
    wanted = stock.spectro(padded, 4 * HOP, HOP)[:, :-1, 2 : 2 + frames]
    sut = SpectrumTransform(settings_for(frames), 2)
    found = sut.forward(wave).reshape(2, 2, BINS, frames)
    sut.close()
    assert np.abs(found[:, 0] + 1j * found[:, 1] - wanted.numpy()).max() < 1e-5


@pytest.mark.parametrize("frames", FRAMES)
def test_inverse_equals_stock(frames: int) -> None:
    samples = frames * HOP - 300
    random = np.random.default_rng(frames)
    spectra = random.standard_normal((BINS, frames, 2 * CHANNELS)).astype(np.float32)
    before = random.standard_normal((CHANNELS, samples)).astype(np.float32)
    scaled = torch.from_numpy(spectra * np.float32(1.3) + np.float32(0.1))
    bins = torch.view_as_complex(scaled.reshape(BINS, frames, CHANNELS, 2)).permute(2, 0, 1)
    waves = stock.ispectro(pad(bins, (2, 2, 0, 1)), HOP, length=frames * HOP + 2 * 1536)
    waves = waves[:, 1536 : 1536 + samples]
    sut = SpectrumTransform(settings_for(frames), 2)
    found = before.copy()
    sut.add_inverse(found, in_bands(spectra), range(CHANNELS), 0.1, 1.3)
    sut.close()
    assert np.abs(found - before - waves.numpy()).max() < 2e-5 * float(waves.abs().max())
