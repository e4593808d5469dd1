"""A RoFormer in torch: the same computation as the OpenVINO graph, for batches on any device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import gelu, glu, linear, normalize, scaled_dot_product_attention

from separation_engine.architectures.roformer.description.inventory import check_tensors, count_mask_layers
from separation_engine.architectures.roformer.description.settings import RoformerSettings, rotary_rates


class Roformer(torch.nn.Module):
    """Mixes, (batch, channels=2, segment), to stems, (batch, sources, channels=2, segment).

    It makes the given stems, by default all; the others are silent.
    Raises WeightsMismatchError if tensors are missing, left over or of another shape.
    """

    def __init__(self, settings: RoformerSettings, tensors: Mapping[str, NDArray[Any]]) -> None:
        check_tensors(settings, tensors)
        super().__init__()
        self._settings = settings
        # a dictionary of torch would not take names with dots
        self._names = {name: f"weight_{index}" for index, name in enumerate(tensors)}
        for name, values in tensors.items():
            self.register_buffer(self._names[name], torch.from_numpy(values.astype(np.float32)))
        bins = torch.tensor([index for band in settings.bands for index in band])
        self.bins_of_bands: torch.Tensor
        self.bands_of_bin: torch.Tensor
        self.window: torch.Tensor
        self.register_buffer("bins_of_bands", bins)
        self.register_buffer("bands_of_bin", torch.bincount(bins)[:, None, None])
        self.register_buffer("window", torch.hann_window(settings.fft_size, dtype=torch.float64))

    def valid_length(self, _samples: int) -> int:
        """Every chunk is a whole segment."""
        return self._settings.segment_samples

    def forward(self, mixes: torch.Tensor, stems: Sequence[int] | None = None) -> torch.Tensor:
        settings = self._settings
        every = range(len(settings.sources))
        batch, channels, samples = mixes.shape
        # in float64: the norm of each band amplifies rounding where the band is nearly silent
        wave = mixes.reshape(-1, samples).double()
        flat = torch.stft(wave, settings.fft_size, settings.hop, window=self.window, return_complex=True)
        flat = flat.to(torch.complex64)
        # both channels of a bin side by side: (batch, bins, channels, frames)
        spectrum = flat.reshape(batch, channels, *flat.shape[1:]).transpose(1, 2)
        bands = torch.view_as_real(spectrum[:, self.bins_of_bands]).permute(0, 3, 1, 2, 4)
        value = self._split_bands(bands.flatten(2))
        for layer in range(settings.layers):
            value = self._transformer(f"layers.{layer}.0", value, settings.time_depth, "time")
            value = self._transformer(f"layers.{layer}.1", value, settings.band_depth, "bands")
        if settings.final_norm:
            value = self._norm("final_norm", value)
        found = mixes.new_zeros(batch, len(every), channels, samples)
        for index in every if stems is None else stems:
            found[:, index] = self._inverse(spectrum * self._mask(f"mask_estimators.{index}", value))
        return found

    def _read(self, name: str) -> torch.Tensor:
        return self.get_buffer(self._names[name])

    def _linear(self, name: str, value: torch.Tensor, *, bias: bool = True) -> torch.Tensor:
        found: torch.Tensor = linear(
            value, self._read(f"{name}.weight"), self._read(f"{name}.bias") if bias else None
        )
        return found

    def _norm(self, name: str, value: torch.Tensor) -> torch.Tensor:
        gamma = self._read(f"{name}.gamma")
        found: torch.Tensor = normalize(value.float(), dim=-1) * value.shape[-1] ** 0.5 * gamma
        return found

    def _split_bands(self, bands: torch.Tensor) -> torch.Tensor:
        """(batch, frames, sum(widths)) to (batch, bands, frames, features)."""
        features = []
        for index, band in enumerate(torch.split(bands, [*self._settings.widths], 2)):
            name = f"band_split.to_features.{index}"
            features.append(self._linear(f"{name}.1", self._norm(f"{name}.0", band)))
        return torch.stack(features, 1)

    def _transformer(
        self, name: str, value: torch.Tensor, depth: int, along: Literal["time", "bands"]
    ) -> torch.Tensor:
        value = value if along == "time" else value.transpose(1, 2)
        for index in range(depth):
            layer = f"{name}.layers.{index}"
            value = value + self._attention(f"{layer}.0", value)
            inner = self._linear(f"{layer}.1.net.1", self._norm(f"{layer}.1.net.0", value))
            value = value + self._linear(f"{layer}.1.net.4", gelu(inner))
        if not self._settings.final_norm:
            value = self._norm(f"{name}.norm", value)
        return value if along == "time" else value.transpose(1, 2)

    def _attention(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """value: (batch, rows, positions, features)."""
        heads, size = self._settings.heads, self._settings.head_size
        normal = self._norm(f"{name}.norm", value)
        product = self._linear(f"{name}.to_qkv", normal, bias=False)
        query, key, values = product.reshape(*product.shape[:-1], 3, heads, size).permute(3, 0, 1, 4, 2, 5)
        rotation = self._rotation(name, value.shape[2])
        heard = scaled_dot_product_attention(_rotate(query, rotation), _rotate(key, rotation), values)
        gates = self._linear(f"{name}.to_gates", normal).sigmoid()
        heard = heard.transpose(2, 3) * gates[..., None]
        return self._linear(f"{name}.to_out.0", heard.flatten(-2), bias=False)

    def _mask(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """(batch, bands, frames, features) to (batch, bins, channels, frames)."""
        masks = [
            self._mask_of_band(f"{name}.to_freqs.{index}.0", band)
            for index, band in enumerate(value.unbind(1))
        ]
        joined = torch.cat(masks, -1).float()
        mask = torch.view_as_complex(joined.reshape(*joined.shape[:2], -1, 2, 2))
        mask = mask.permute(0, 2, 3, 1)
        sums = mask.new_zeros(mask.shape[0], len(self.bands_of_bin), *mask.shape[2:])
        start = 0
        for bins in self._settings.bands:
            sums[:, bins.start : bins.stop] += mask[:, start : start + len(bins)]
            start += len(bins)
        mean = sums / self.bands_of_bin
        if self._settings.zero_dc:
            mean[:, 0] = 0
        return mean

    def _mask_of_band(self, name: str, value: torch.Tensor) -> torch.Tensor:
        *inner, last = range(count_mask_layers(name, self._names))
        for layer in inner:
            value = self._linear(f"{name}.{2 * layer}", value).tanh()
        return glu(self._linear(f"{name}.{2 * last}", value), -1)

    def _rotation(self, name: str, positions: int) -> torch.Tensor:
        """(positions, head_size / 2), complex."""
        stored, device = f"{name}.rotary_embed.freqs", self.window.device
        given = stored in self._names
        rates = self._read(stored) if given else torch.from_numpy(rotary_rates(self._settings.head_size))
        angles = torch.arange(positions, device=device)[:, None] * rates.to(device)
        return torch.polar(torch.ones_like(angles), angles)

    def _inverse(self, spectrum: torch.Tensor) -> torch.Tensor:
        """(batch, bins, channels, frames) to (batch, channels, samples)."""
        settings, flat = self._settings, spectrum.transpose(1, 2).flatten(0, 1)
        wave = torch.istft(
            flat.to(torch.complex128),
            settings.fft_size,
            settings.hop,
            window=self.window,
            length=settings.segment_samples,
        )
        return wave.float().reshape(len(spectrum), -1, settings.segment_samples)


def _rotate(value: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    """Pairs of neighbors are the real and the imaginary part of what is rotated."""
    pairs = torch.view_as_complex(value.float().reshape(*value.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * rotation).flatten(-2).to(value.dtype)
