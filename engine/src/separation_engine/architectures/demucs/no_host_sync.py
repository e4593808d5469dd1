"""Demucs' networks without what makes the host wait for a GPU in the middle of a forward.

Stock asserts on samples, asks a sum of windows whether it holds a zero, and copies windows and positions to
the device anew each time. Each of these waits until the GPU has done all before it, so that nothing could be
written while it computes. What is computed stays the same, but for bins that a GPU would take wrongly: see
_of_real.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any

import demucs.hdemucs
import demucs.htdemucs
import demucs.transformer
import torch
from torch.nn.functional import fold, pad


def _pad(
    wave: torch.Tensor, paddings: tuple[int, int], mode: str = "constant", value: float = 0.0
) -> torch.Tensor:
    """As demucs.hdemucs.pad1d: what is too short to be reflected gets zeros first, most at the right."""
    left, right = paddings
    missing = max(left, right) + 1 - wave.shape[-1]
    if mode == "reflect" and missing > 0:
        zeros_right = min(right, missing)
        zeros_left = missing - zeros_right
        wave = pad(wave, (zeros_left, zeros_right))
        left, right = left - zeros_left, right - zeros_right
    return pad(wave, (left, right), mode, value)


def _spectro(wave: torch.Tensor, n_fft: int, hop_length: int) -> torch.Tensor:
    """As demucs.spec.spectro. wave: (..., samples); the answer: (..., bins, frames)."""
    *other, samples = wave.shape
    spectra = torch.stft(
        wave.reshape(-1, samples),
        n_fft,
        hop_length,
        window=_window(n_fft, wave.dtype, wave.device),
        normalized=True,
        pad_mode="reflect",
        return_complex=True,
    )
    return spectra.view(*other, *spectra.shape[1:])


def _ispectro(spectra: torch.Tensor, hop_length: int, length: int) -> torch.Tensor:
    """As demucs.spec.ispectro. spectra: (..., bins, frames); the answer: (..., length)."""
    *other, bins, count = spectra.shape
    n_fft = 2 * bins - 2
    frames = torch.fft.irfft(_of_real(spectra.reshape(-1, bins, count)), n_fft, dim=1, norm="ortho")
    window = _window(n_fft, frames.dtype, frames.device)
    waves = _overlap_add(frames * window[:, None], hop_length) / _envelope(
        n_fft, hop_length, count, frames.dtype, frames.device
    )
    # a frame is centred on its sample
    first = n_fft // 2
    return waves[:, first : first + length].view(*other, length)


def _of_real(spectra: torch.Tensor) -> torch.Tensor:
    """In place: (waves, bins, frames) as real waves have them, whose lowest and highest bins are real.

    The networks give any. A CPU's transform does not look at their imaginary parts. NVIDIA's does in float32:
    with random weights, what it makes of them is 40 dB below the stems.
    """
    parts = torch.view_as_real(spectra)
    parts[:, 0, :, 1] = 0
    parts[:, -1, :, 1] = 0
    return torch.view_as_complex(parts)


def _overlap_add(frames: torch.Tensor, hop_length: int) -> torch.Tensor:
    """frames: (waves, size, count); the answer: (waves, samples)."""
    _, size, count = frames.shape
    samples = size + hop_length * (count - 1)
    return fold(frames, (1, samples), (1, size), stride=(1, hop_length))[:, 0, 0]


@lru_cache(maxsize=8)
def _window(n_fft: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return torch.hann_window(n_fft).to(device, dtype)


@lru_cache(maxsize=8)
def _envelope(
    n_fft: int, hop_length: int, count: int, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Sum of the squared windows of so many frames; 1 where they are 0, at both ends, which are cut off."""
    squares = torch.hann_window(n_fft)[None, :, None].square().expand(1, n_fft, count)
    total = _overlap_add(squares, hop_length)[0]
    return torch.where(total > 1e-11, total, 1).to(device, dtype)


_SPECTRAL: dict[str, Any] = {"pad1d": _pad, "spectro": _spectro, "ispectro": _ispectro}
_INSTEAD: list[tuple[ModuleType, dict[str, Any]]] = [
    (demucs.htdemucs, _SPECTRAL),
    (demucs.hdemucs, _SPECTRAL),
    (
        demucs.transformer,
        {
            name: lru_cache(maxsize=8)(vars(demucs.transformer)[name])
            for name in ("create_sin_embedding", "create_2d_sin_embedding")
        },
    ),
]


@contextmanager
def without_waits() -> Iterator[None]:
    """Inside, a forward of HTDemucs or HDemucs is only started. For one thread at a time."""
    stocks = [(module, {name: vars(module)[name] for name in ours}) for module, ours in _INSTEAD]
    try:
        _put(_INSTEAD)
        yield
    finally:
        _put(stocks)


def _put(functions: list[tuple[ModuleType, dict[str, Any]]]) -> None:
    for module, of_module in functions:
        for name, function in of_module.items():
            setattr(module, name, function)
