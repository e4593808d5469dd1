"""Demucs' forward without host-device synchronization.

Demucs asserts on samples, checks a window sum for zeros, and copies windows and positions to the device each
time. Each of these blocks until the GPU has finished all earlier work, so the host could not write files
meanwhile. The results are the same, except for bins that a GPU gets wrong: see _real_edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
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
    """Like demucs.hdemucs.pad1d: a wave too short to reflect is zero-padded first, mostly on the right."""
    left, right = paddings
    missing = max(left, right) + 1 - wave.shape[-1]
    if mode == "reflect" and missing > 0:
        zeros_right = min(right, missing)
        zeros_left = missing - zeros_right
        wave = pad(wave, (zeros_left, zeros_right))
        left, right = left - zeros_left, right - zeros_right
    return pad(wave, (left, right), mode, value)


def _spectro(wave: torch.Tensor, n_fft: int, hop_length: int) -> torch.Tensor:
    """Like demucs.spec.spectro: (..., samples) to (..., bins, frames)."""
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
    """Like demucs.spec.ispectro: (..., bins, frames) to (..., length)."""
    *other, bins, count = spectra.shape
    n_fft = 2 * bins - 2
    frames = torch.fft.irfft(_real_edges(spectra.reshape(-1, bins, count)), n_fft, dim=1, norm="ortho")
    window = _window(n_fft, frames.dtype, frames.device)
    waves = _overlap_add(frames * window[:, None], hop_length) / _envelope(
        n_fft, hop_length, count, frames.dtype, frames.device
    )
    # frames are centered on their sample
    first = n_fft // 2
    return waves[:, first : first + length].view(*other, length)


def _real_edges(spectra: torch.Tensor) -> torch.Tensor:
    """Make the lowest and highest bins of (waves, bins, frames) real, in place.

    In the spectrum of a real wave they always are, but a network may return anything. A CPU's inverse FFT
    ignores their imaginary parts. cuFFT uses them in float32: with random weights, 40 dB below the stems.
    """
    parts = torch.view_as_real(spectra)
    parts[:, 0, :, 1] = 0
    parts[:, -1, :, 1] = 0
    return torch.view_as_complex(parts)


def _overlap_add(frames: torch.Tensor, hop_length: int) -> torch.Tensor:
    """(waves, size, count) to (waves, samples)."""
    _, size, count = frames.shape
    samples = size + hop_length * (count - 1)
    return fold(frames, (1, samples), (1, size), stride=(1, hop_length))[:, 0, 0]


# without limits: a CUDA graph may use these tensors as long as it lives. There are few kinds of networks
@cache
def _window(n_fft: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return torch.hann_window(n_fft).to(device, dtype)


def _envelope(
    n_fft: int, hop_length: int, count: int, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Sum of the squared windows of `count` frames; 1 instead of 0 at both ends, which are cropped later."""
    squares = _window(n_fft, dtype, device)[None, :, None].square().expand(1, n_fft, count)
    total = _overlap_add(squares, hop_length)[0]
    return total.masked_fill(total <= 1e-11, 1)


_STFT: dict[str, Any] = {"pad1d": _pad, "spectro": _spectro, "ispectro": _ispectro}
_REPLACEMENTS: list[tuple[ModuleType, dict[str, Any]]] = [
    (demucs.htdemucs, _STFT),
    (demucs.hdemucs, _STFT),
    (
        demucs.transformer,
        {
            name: lru_cache(maxsize=None)(vars(demucs.transformer)[name])
            for name in ("create_sin_embedding", "create_2d_sin_embedding")
        },
    ),
]


@contextmanager
def no_host_sync() -> Iterator[None]:
    """A forward of HTDemucs or HDemucs inside returns before the GPU is done. One thread at a time."""
    originals = [
        (module, {name: vars(module)[name] for name in functions}) for module, functions in _REPLACEMENTS
    ]
    try:
        _patch(_REPLACEMENTS)
        yield
    finally:
        _patch(originals)


def _patch(functions: list[tuple[ModuleType, dict[str, Any]]]) -> None:
    for module, replacements in functions:
        for name, function in replacements.items():
            setattr(module, name, function)
