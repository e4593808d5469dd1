"""Short-time Fourier transform (STFT) of one segment and its inverse, as HTDemucs computes them.

Demucs pads a segment to ceil(samples / hop) frames and drops the Nyquist bin. Before the inverse it adds two
empty frames on each side, so the window envelope is 1.5 everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from separation_engine.architectures.htdemucs.openvino.settings import HTDemucsSettings
from separation_engine.backends.openvino.graph_builder import Array

# small enough for the L2 cache, large enough to hide the cost of Python;
# the inverse transforms all channels of a frame together
_FRAMES_AT_ONCE = 48
_INVERSE_FRAMES_AT_ONCE = 16
# bands are transposed in tiles that stay in the cache
_BANDS_AT_ONCE = 16
_ENVELOPE = 1.5
# as in Demucs; numpy's default would compute the forward transform in float64, four times slower
_SCALING: Final = "ortho"


class SpectrumTransform:
    """Transforms waves, (channels, samples), to spectra and back."""

    def __init__(self, settings: HTDemucsSettings, threads: int) -> None:
        self._size = settings.fft_size
        self._hop = settings.hop
        self._bins = settings.bins
        self._stride = settings.stride
        self._bands = settings.bands
        self._margin = settings.margin
        self._frames = settings.frames
        self._samples = settings.segment_samples
        self._pad = self._hop // 2 * 3
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self._size) / self._size)
        self._analysis = hann.astype(np.float32)
        self._synthesis = hann / _ENVELOPE
        self._threads = ThreadPoolExecutor(threads, "spectrum")
        ones = np.full((self._bands, self._frames, self._stride, 1), 1 + 1j, np.complex64)
        blocks = self._overlap_add(ones, self._synthesis.astype(np.float32))
        self._constant = blocks.reshape(-1)[self._pad : self._pad + self._samples].copy()

    def close(self) -> None:
        self._threads.shutdown()

    def forward(self, wave: Array) -> Array:
        """(channels, samples) to (2 * channels, bins, frames): real, imaginary, real, …"""
        right = self._pad + self._frames * self._hop - self._samples
        padded = np.pad(wave, ((0, 0), (self._pad, right)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self._size, axis=1)[:, :: self._hop]
        spectrum = np.empty((len(wave), 2, self._bins, self._frames), np.float32)

        def transform(channel: int, start: int) -> None:
            part = slice(start, min(start + _FRAMES_AT_ONCE, self._frames))
            bins = np.fft.rfft(windows[channel, part] * self._analysis, norm=_SCALING)[:, : self._bins]
            spectrum[channel, 0, :, part] = bins.real.T
            spectrum[channel, 1, :, part] = bins.imag.T

        self._each(
            transform,
            (
                (channel, start)
                for channel in range(len(wave))
                for start in range(0, self._frames, _FRAMES_AT_ONCE)
            ),
        )
        return spectrum.reshape(-1, self._bins, self._frames)

    def add_inverse(
        self, waves: Array, spectra: Array, channels: Sequence[int], mean: float, std: float
    ) -> None:
        """Add the inverse of `spectra * std + mean` in these channels to `waves`.

        spectra: (bands, frames, stride * 2 * channels); each bin of a band alternates real and imaginary
        parts. waves: (these channels, samples).
        """
        window = (self._synthesis * std).astype(np.float32)
        bands = spectra.view(np.complex64).reshape(self._bands, self._frames, self._stride, -1)
        some = bands if len(channels) == bands.shape[3] else bands[..., [*channels]]
        blocks = self._overlap_add(some, window)
        offset = self._constant * np.float32(mean)

        def add(channel: int) -> None:
            waves[channel] += blocks[channel].reshape(-1)[self._pad : self._pad + self._samples]
            waves[channel] += offset

        self._each(add, ((channel,) for channel in range(len(waves))))

    def _overlap_add(self, spectra: NDArray[np.complex64], window: Array) -> Array:
        """Sums of the windowed frames, (channels, frames + 3, hop).

        spectra: (bands, frames, stride, channels). Parts do not depend on the number of threads, so results
        are bit-identical.
        """
        channels, overlaps = spectra.shape[3], self._size // self._hop
        inner = slice(self._margin, self._margin + self._bins + 1)
        blocks = np.empty((channels, self._frames + overlaps - 1, self._hop), np.float32)
        blocks[:, self._frames :] = 0
        # what each part adds to the next
        tails = {}

        def transform(start: int) -> None:
            part = slice(start, min(start + _INVERSE_FRAMES_AT_ONCE, self._frames))
            count = part.stop - start
            bands = np.empty((count, channels, self._bands, self._stride), np.complex64)
            for low in range(0, self._bands, _BANDS_AT_ONCE):
                some = slice(low, low + _BANDS_AT_ONCE)
                bands[:, :, some] = spectra[some, part].transpose(1, 3, 0, 2)
            bins = bands.reshape(count, channels, -1)[..., inner]
            # the Nyquist bin
            bins[..., -1] = 0
            frames = np.fft.irfft(bins, self._size, norm=_SCALING)
            frames *= window
            quarters = frames.reshape(count, channels, overlaps, self._hop).transpose(1, 2, 0, 3)
            own = blocks[:, part]
            own[...] = quarters[:, 0]
            tail = np.zeros((channels, overlaps - 1, self._hop), np.float32)
            for index in range(1, overlaps):
                inside = max(0, count - index)
                own[:, index:] += quarters[:, index, :inside]
                tail[:, index - count + inside : index] += quarters[:, index, inside:]
            tails[part.stop] = tail

        self._each(transform, ((start,) for start in range(0, self._frames, _INVERSE_FRAMES_AT_ONCE)))
        for stop, tail in sorted(tails.items()):
            blocks[:, stop : stop + overlaps - 1] += tail
        return blocks

    def _each(self, function: Callable[..., None], arguments: Iterable[tuple[int, ...]]) -> None:
        pending = [self._threads.submit(function, *values) for values in arguments]
        for one in pending:
            one.result()


def mean_and_std(values: NDArray[np.float32]) -> tuple[float, float]:
    """Mean and sample standard deviation over all values; copies one channel at a time."""
    mean = float(values.mean(dtype=np.float64))
    squares = 0.0
    for channel in values:
        centered = (channel - np.float32(mean)).ravel()
        squares += float(centered @ centered)
    return mean, math.sqrt(squares / (values.size - 1))
