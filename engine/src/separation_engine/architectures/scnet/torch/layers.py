"""SCNet in torch: the same computation as the OpenVINO graph, for batches on any device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import (
    conv1d,
    conv2d,
    conv_transpose2d,
    gelu,
    glu,
    group_norm,
    linear,
    pad,
    silu,
)

from separation_engine.architectures.scnet.description.inventory import inventory
from separation_engine.architectures.scnet.description.settings import Band, ScnetSettings
from separation_engine.networks.architecture import Tensors
from separation_engine.networks.inventory import require_inventory


class Scnet(torch.nn.Module):
    """Mixes, (batch, channels=2, segment), to stems, (batch, sources, channels=2, segment).

    It makes the given stems, by default all; the others are silent.
    Raises WeightsMismatchError if tensors are missing, left over or of another shape.
    """

    def __init__(self, settings: ScnetSettings, tensors: Tensors) -> None:
        require_inventory(tensors, dict(inventory(settings)))
        super().__init__()
        self._settings = settings
        # a dictionary of torch would not take names with dots
        self._names = {name: f"weight_{index}" for index, name in enumerate(tensors)}
        for name, values in tensors.items():
            self.register_buffer(self._names[name], torch.from_numpy(values.astype(np.float32)))
        self.window: torch.Tensor
        self.register_buffer("window", torch.ones(settings.fft_size, dtype=torch.float64))
        self._lstms = torch.nn.ModuleList(
            self._lstm(f"separation_net.dp_modules.{index}.lstm_layers.{axis}")
            for index in range(settings.paths)
            for axis in range(2)
        )

    def valid_length(self, _samples: int) -> int:
        """Every chunk is a whole segment."""
        return self._settings.segment_samples

    def forward(self, mixes: torch.Tensor, stems: Sequence[int] | None = None) -> torch.Tensor:
        settings = self._settings
        value, skips = self._spectrum(mixes), []
        for index, bands in enumerate(settings.layers):
            value, skip = self._encode(f"encoder.{index}", value, bands)
            skips.append(skip)
        for index in range(settings.paths):
            value = self._dual_path(index, value)
            value = _to_time(value) if index % 2 else _to_frequencies(value)
        for index, bands in enumerate(reversed(settings.layers)):
            value = self._decode(f"decoder.{index}", value + skips.pop(), bands)
        return self._waves(value, stems)

    def _spectrum(self, mixes: torch.Tensor) -> torch.Tensor:
        """(batch, 4, bins, frames): real and imaginary part of each channel."""
        settings, batch = self._settings, len(mixes)
        padded = pad(mixes, (0, settings.padded_samples - settings.segment_samples)).double()
        spectrum = torch.stft(
            padded.flatten(0, 1),
            settings.fft_size,
            settings.hop,
            window=self.window,
            normalized=True,
            return_complex=True,
        )
        parts = torch.view_as_real(spectrum).float().permute(0, 3, 1, 2)
        return parts.reshape(batch, -1, *spectrum.shape[1:])

    def _waves(self, value: torch.Tensor, stems: Sequence[int] | None) -> torch.Tensor:
        every = range(len(self._settings.sources))
        spectra = value.float().reshape(len(value), len(every), -1, *value.shape[2:])
        found = spectra.new_zeros(len(value), len(every), 2, self._settings.segment_samples)
        for index in every if stems is None else stems:
            found[:, index] = self._wave(spectra[:, index])
        return found

    def _wave(self, value: torch.Tensor) -> torch.Tensor:
        """Of one stem, (batch, channels, segment)."""
        settings = self._settings
        parts = value.reshape(-1, 2, *value.shape[2:]).permute(0, 2, 3, 1)
        waves = torch.istft(
            torch.view_as_complex(parts.double().contiguous()),
            settings.fft_size,
            settings.hop,
            window=self.window,
            normalized=True,
        )
        return waves[:, : settings.segment_samples].float().reshape(len(value), 2, -1)

    def _layer(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self._read(f"{name}.weight"), self._read(f"{name}.bias")

    def _read(self, name: str) -> torch.Tensor:
        return self.get_buffer(self._names[name])

    def _lstm(self, name: str) -> torch.nn.LSTM:
        width, hidden = (
            self._read(f"{name}.weight_ih_l0").shape[1],
            self._read(f"{name}.weight_hh_l0").shape[1],
        )
        lstm = torch.nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        lstm.load_state_dict({part: self._read(f"{name}.{part}") for part in lstm.state_dict()})
        return lstm.requires_grad_(requires_grad=False)

    def _encode(
        self, name: str, value: torch.Tensor, bands: Sequence[Band]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        parts = []
        for index, part in enumerate(torch.split(value, [band.bins for band in bands], 2)):
            band = bands[index]
            padded = pad(part, (0, 0, band.begin, band.end))
            rows = conv2d(padded, *self._layer(f"{name}.SDlayer.convs.{index}"), stride=(band.stride, 1))
            batch, channels, count, time = rows.shape
            # each row is a separate signal
            signals = rows.transpose(1, 2).reshape(-1, channels, time)
            for depth in range(band.depth):
                signals = self._branch(f"{name}.conv_modules.{index}.layers.{depth}", signals)
            parts.append(gelu(signals.reshape(batch, count, channels, time).transpose(1, 2)))
        skip = torch.cat(parts, 2)
        return conv2d(skip, *self._layer(f"{name}.globalconv"), padding=1), skip

    def _branch(self, name: str, value: torch.Tensor) -> torch.Tensor:
        reach = self._settings.kernel // 2
        inner = group_norm(value, 1, *self._layer(f"{name}.0"))
        inner = glu(conv1d(inner, *self._layer(f"{name}.1"), padding=reach), 1)
        inner = conv1d(inner, *self._layer(f"{name}.3"), padding=reach, groups=inner.shape[1])
        inner = silu(group_norm(inner, 1, *self._layer(f"{name}.4")))
        return value + conv1d(inner, *self._layer(f"{name}.6"))

    def _dual_path(self, index: int, value: torch.Tensor) -> torch.Tensor:
        name = f"separation_net.dp_modules.{index}"
        batch, channels, rows, time = value.shape
        for axis, order, back in ((0, (0, 3, 2, 1), (0, 3, 2, 1)), (1, (0, 2, 3, 1), (0, 3, 1, 2))):
            inner = group_norm(value, 1, *self._layer(f"{name}.norm_layers.{axis}"))
            inner = inner.permute(order).flatten(0, 1)
            inner, _ = self._lstms[2 * index + axis](inner)
            inner = linear(inner, *self._layer(f"{name}.linear_layers.{axis}"))
            shape = (batch, time, rows, channels) if axis == 0 else (batch, rows, time, channels)
            value = value + inner.reshape(shape).permute(back)
        return value

    def _decode(self, name: str, value: torch.Tensor, bands: Sequence[Band]) -> torch.Tensor:
        # the network stacks two copies of its input
        value = glu(conv2d(value.repeat(1, 2, 1, 1), *self._layer(f"{name}.0.conv"), padding=1), 1)
        parts = []
        for index, part in enumerate(torch.split(value, [band.rows for band in bands], 2)):
            band = bands[index]
            weight, bias = self._layer(f"{name}.1.convtrs.{index}")
            whole = conv_transpose2d(part, weight, bias, stride=(band.stride, 1))
            first = abs(band.bins - whole.shape[2]) // 2
            parts.append(whole[:, :, first : first + band.bins])
        return torch.cat(parts, 2)


def _to_frequencies(value: torch.Tensor) -> torch.Tensor:
    """Fourier transform along time, real parts first."""
    spectrum = torch.fft.rfft(value.float(), norm="ortho")
    return torch.cat([spectrum.real, spectrum.imag], 1)


def _to_time(value: torch.Tensor) -> torch.Tensor:
    real, imaginary = value.float().chunk(2, 1)
    wave: torch.Tensor = torch.fft.irfft(torch.complex(real, imaginary), norm="ortho")
    return wave
