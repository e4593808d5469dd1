"""Short-time Fourier transform of one segment and its inverse, as HTDemucs computes them.

Stock pads so that a segment has ceil(samples / hop) frames, and drops the Nyquist bin. It puts two
empty frames on each side before the inverse, so the window envelope is the constant 1.5 everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from separation_engine.backends.openvino.architecture import Architecture
from separation_engine.backends.openvino.builder import Array

# small enough for the second-level cache, large enough to keep python out of the way
_FRAMES_AT_ONCE = 48
_ENVELOPE = 1.5


class SpectrumTransform:
    """Transforms between (channels, samples) and (2 * channels, bins, frames): real, imaginary, real, …"""

    def __init__(self, architecture: Architecture, threads: int) -> None:
        self._size = architecture.fft_size
        self._hop = architecture.hop
        self._bins = architecture.bins
        self._frames = architecture.frames
        self._samples = architecture.segment_samples
        self._pad = self._hop // 2 * 3
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self._size) / self._size)
        self._analysis = (hann / math.sqrt(self._size)).astype(np.float32)
        self._synthesis = hann * math.sqrt(self._size) / _ENVELOPE
        self._threads = ThreadPoolExecutor(threads, "spectrum")
        ones = np.ones((2, self._bins, self._frames), np.float32)
        self._constant = np.empty(self._samples, np.float32)
        self._inverse_channel(ones, self._synthesis.astype(np.float32), self._constant)

    def close(self) -> None:
        self._threads.shutdown()

    def forward(self, wave: Array) -> Array:
        """wave: (channels, samples)."""
        right = self._pad + self._frames * self._hop - self._samples
        padded = np.pad(wave, ((0, 0), (self._pad, right)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self._size, axis=1)[:, :: self._hop]
        spectrum = np.empty((len(wave), 2, self._bins, self._frames), np.float32)

        def transform(channel: int, start: int) -> None:
            part = slice(start, min(start + _FRAMES_AT_ONCE, self._frames))
            bins = np.fft.rfft(windows[channel, part] * self._analysis)[:, : self._bins]
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

    def inverse(self, spectra: Array, mean: float, deviation: float) -> Array:
        """Waves of `spectra * deviation + mean`, (channels, samples)."""
        waves = np.empty((len(spectra) // 2, self._samples), np.float32)
        window = (self._synthesis * deviation).astype(np.float32)
        offset = self._constant * np.float32(mean)

        def transform(channel: int) -> None:
            self._inverse_channel(spectra[2 * channel : 2 * channel + 2], window, waves[channel])
            waves[channel] += offset

        self._each(transform, ((channel,) for channel in range(len(waves))))
        return waves

    def _inverse_channel(self, parts: Array, window: Array, wave: Array) -> None:
        """parts: (2, bins, frames); the answer goes to wave: (samples,)."""
        overlaps = self._size // self._hop
        blocks = np.zeros((self._frames + overlaps - 1, self._hop), np.float32)
        bins = np.zeros((_FRAMES_AT_ONCE, self._bins + 1, 2), np.float32)
        for start in range(0, self._frames, _FRAMES_AT_ONCE):
            stop = min(start + _FRAMES_AT_ONCE, self._frames)
            count = stop - start
            bins[:count, : self._bins] = parts[:, :, start:stop].T
            complex_bins = bins[:count].view(np.complex64)[..., 0]
            frames = np.fft.irfft(complex_bins, self._size)
            frames *= window
            quarters = frames.reshape(count, overlaps, self._hop)
            for index in range(overlaps):
                blocks[start + index : stop + index] += quarters[:, index]
        wave[:] = blocks.reshape(-1)[self._pad : self._pad + self._samples]

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
