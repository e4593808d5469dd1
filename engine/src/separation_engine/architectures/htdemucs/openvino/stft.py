"""Short-time Fourier transform of one segment and its inverse, as HTDemucs computes them.

Stock pads so that a segment has ceil(samples / hop) frames, and drops the Nyquist bin. It puts two
empty frames on each side before the inverse, so the window envelope is the constant 1.5 everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from separation_engine.architectures.htdemucs.settings import Architecture
from separation_engine.backends.openvino.graph_builder import Array

# small enough for the second-level cache, large enough to keep python out of the way;
# the inverse takes all channels of a frame together
_FRAMES_AT_ONCE = 48
_INVERSE_FRAMES_AT_ONCE = 16
# they are turned by tiles that stay in the cache
_BANDS_AT_ONCE = 16
_ENVELOPE = 1.5
# stock's; with numpy's default it would compute the forward transform in float64, at a quarter of the speed
_SCALING: Final = "ortho"


class SpectrumTransform:
    """Of waves, (channels, samples), and back; bins are pairs of a real and an imaginary part."""

    def __init__(self, architecture: Architecture, threads: int) -> None:
        self._size = architecture.fft_size
        self._hop = architecture.hop
        self._bins = architecture.bins
        self._stride = architecture.stride
        self._bands = architecture.bands
        self._margin = architecture.margin
        self._frames = architecture.frames
        self._samples = architecture.segment_samples
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
        """wave: (channels, samples); the answer: (2 * channels, bins, frames), real, imaginary, real, …"""
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

    def add_inverse(self, waves: Array, spectra: Array, mean: float, deviation: float) -> None:
        """Add the waves of `spectra * deviation + mean` to `waves`.

        spectra: (bands, frames, stride * 2 * channels), for each bin of a band real and imaginary parts by
        turns; waves: (channels, samples).
        """
        window = (self._synthesis * deviation).astype(np.float32)
        bands = spectra.view(np.complex64).reshape(self._bands, self._frames, self._stride, -1)
        blocks = self._overlap_add(bands, window)
        offset = self._constant * np.float32(mean)

        def add(channel: int) -> None:
            waves[channel] += blocks[channel].reshape(-1)[self._pad : self._pad + self._samples]
            waves[channel] += offset

        self._each(add, ((channel,) for channel in range(len(waves))))

    def _overlap_add(self, spectra: NDArray[np.complex64], window: Array) -> Array:
        """Sums of the windowed frames, (channels, frames + 3, hop).

        spectra: (bands, frames, stride, channels).

        The parts that threads take are the same for any number of threads, and so is every bit.
        """
        channels, overlaps = spectra.shape[3], self._size // self._hop
        inner = slice(self._margin, self._margin + self._bins + 1)
        blocks = np.empty((channels, self._frames + overlaps - 1, self._hop), np.float32)
        blocks[:, self._frames :] = 0
        # what a part adds to the one after it
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


def mean_and_deviation(values: NDArray[np.float32]) -> tuple[float, float]:
    """Mean and sample deviation over everything; holds one channel more, and not the whole twice."""
    mean = float(values.mean(dtype=np.float64))
    squares = 0.0
    for channel in values:
        centred = (channel - np.float32(mean)).ravel()
        squares += float(centred @ centred)
    return mean, math.sqrt(squares / (values.size - 1))
