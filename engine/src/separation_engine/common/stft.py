"""Short-time Fourier transform and its inverse, as `torch.stft` and `torch.istft` compute them.

Frames are centered on multiples of the hop; the wave is reflected at both ends. Both ways run in float64:
networks that normalize each band amplify the rounding of float32 in bands that are nearly silent.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.wav import Samples

# small enough for the L2 cache, large enough to hide the cost of Python
_FRAMES_AT_ONCE = 32

Spectrum = NDArray[np.complex64]


class CenteredStft:
    """Transforms waves, (channels, samples), to spectra, (channels, frames, bins), and back.

    size, hop: of a frame, in samples. samples: length of every wave, a multiple of the hop, at least `size`.
    window: of a frame, (size,); Hann's by default. scale: of the spectrum; the inverse undoes it.
    """

    def __init__(
        self,
        size: int,
        hop: int,
        samples: int,
        *,
        window: NDArray[np.float64] | None = None,
        scale: float = 1.0,
    ) -> None:
        self._size = size
        self._hop = hop
        self._samples = samples
        self.frames = samples // hop + 1
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
        self._window = hann if window is None else window
        self._scale = scale
        envelope = np.zeros(samples + size)
        for first in range(0, samples + 1, hop):
            envelope[first : first + size] += self._window**2
        self._envelope = envelope[size // 2 : size // 2 + samples]

    def forward(self, wave: Samples) -> Spectrum:
        """The spectrum from bin 0 to the Nyquist bin."""
        half = self._size // 2
        padded = np.pad(wave.astype(np.float64), ((0, 0), (half, half)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self._size, axis=1)[:, :: self._hop]
        spectrum = np.empty((len(wave), self.frames, half + 1), np.complex64)
        for part in self._parts():
            spectrum[:, part] = np.fft.rfft(windows[:, part] * (self._window * self._scale))
        return spectrum

    def inverse(self, spectrum: Spectrum) -> Samples:
        """The wave, (channels, samples)."""
        half = self._size // 2
        sums = np.zeros((len(spectrum), self._samples + self._size))
        for part in self._parts():
            frames = np.fft.irfft(spectrum[:, part].astype(np.complex128), self._size)
            frames *= self._window / self._scale
            for index in range(part.start, part.stop):
                first = index * self._hop
                sums[:, first : first + self._size] += frames[:, index - part.start]
        wave: Samples = (sums[:, half : half + self._samples] / self._envelope).astype(np.float32)
        return wave

    def _parts(self) -> Iterator[slice]:
        for start in range(0, self.frames, _FRAMES_AT_ONCE):
            yield slice(start, min(start + _FRAMES_AT_ONCE, self.frames))
