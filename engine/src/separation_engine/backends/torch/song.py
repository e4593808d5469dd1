"""A song on a torch device."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import pad

from separation_engine.backends.torch.transfer import (
    host_memory,
    reached,
    read_values,
    to_device,
    to_host,
    translated_errors,
    uploading,
)
from separation_engine.common.wav import WavReader
from separation_engine.networks.normalisation import Normalisation, normalisation_of_sums
from separation_engine.networks.stem_block import Output, PendingBlocks, StemBlock

_UPLOAD_SAMPLES = 1 << 20
# the host fills one while the device still copies the others
_UPLOAD_BUFFERS = 4


class TorchSong:
    """The Song of networks that take tensors.

    resident: whether the device holds the whole song, which it gets once. Otherwise it gets what it needs.
    Raises OutOfMemoryError.
    """

    def __init__(self, reader: WavReader, device: torch.device, *, normalized: bool, resident: bool) -> None:
        self._reader = reader
        self._device = device
        with torch.inference_mode(), translated_errors("out of memory for another song"):
            with uploading(device) as use_after:
                self._whole = torch.empty((2, reader.samples), device=device) if resident else None
                measured = self._measure()
                if self._whole is not None:
                    use_after(self._whole)
            normalisation = measured if normalized else Normalisation.none()
            self._offset = to_device(normalisation.offset, device)
            # a tensor: torch multiplies by the reciprocal of a number instead of dividing by it.
            # Filled on the device: a copy from pageable memory would wait for it
            self._std = torch.full((), float(normalisation.std), device=device)

    @torch.inference_mode()
    def mix(self, first: int, samples: int) -> torch.Tensor:
        low, high = max(first, 0), min(first + samples, self._reader.samples)
        # the network sees zeros around the song
        return pad(self._normalized(self._read(low, high - low)), (low - first, first + samples - high))

    @torch.inference_mode()
    def gather(self, positions: NDArray[np.int64], samples: int) -> torch.Tensor:
        lowest = int(positions.min())
        part = self._read(lowest, int(positions.max()) - lowest + 1)
        found = part.index_select(1, to_device(positions - lowest, self._device))
        return pad(self._normalized(found), (0, samples - len(positions)))

    @torch.inference_mode()
    def finish(
        self, first: int, joined: torch.Tensor, rest: int | None, outputs: Sequence[Output]
    ) -> PendingBlocks:
        samples = joined.shape[2]
        if not samples:
            return tuple
        with translated_errors("out of memory for finished stems"):
            made = joined * self._std
            if rest is not None:
                made[rest] += self._offset
            mix = self._read(first, samples)
            frames = torch.empty((len(outputs), samples, 2), device=self._device)
            for frame, output in zip(frames, outputs, strict=True):
                stem = made[output.made]
                frame.copy_((mix - stem if output.complement else stem).T)
            peaks = torch.maximum(frames.amax((1, 2)), -frames.amin((1, 2)))
            measured = torch.stack([_energy(mix), _energy(mix - made.sum(0)), *peaks.double()])
            pending_frames, pending_measured = to_host(frames), to_host(measured)

        def blocks() -> Sequence[StemBlock]:
            stems = pending_frames()
            mix_energy, rest_energy, *peaks = pending_measured().tolist()
            return [StemBlock(stems, peaks, mix_energy, rest_energy)]

        return blocks

    def _normalized(self, mix: torch.Tensor) -> torch.Tensor:
        return (mix - self._offset).div_(self._std)

    def _read(self, first: int, samples: int) -> torch.Tensor:
        """(channels=2, samples), all of them in the song."""
        if self._whole is not None:
            return self._whole[:, first : first + samples]
        part = host_memory((samples, 2), self._device)
        self._reader.read_into(part.numpy(), first)
        return part.to(self._device, non_blocking=True).T.contiguous()

    def _measure(self) -> Normalisation:
        """Read the whole song. Waits for its upload, and for no network that runs on the device meanwhile."""
        anchor, sums = torch.zeros((2, 3), dtype=torch.float64, device=self._device)
        for first, part in self._upload():
            if not first:
                anchor[:2] = part[0]
            sums += _sums(part, anchor[:2])
        left, right, _, left_total, right_total, squares = read_values(torch.cat([anchor, sums])).tolist()
        total = complex(left_total, right_total)
        return normalisation_of_sums(complex(left, right), total, squares, self._reader.samples)

    def _upload(self) -> Iterator[tuple[int, torch.Tensor]]:
        """Each part of the song on the device, (samples, channels=2), and where it begins.

        On a CPU, a later part overwrites it.
        """
        copying: deque[tuple[torch.Tensor, Callable[[], None]]] = deque()
        for first in range(0, self._reader.samples, _UPLOAD_SAMPLES):
            if len(copying) < _UPLOAD_BUFFERS:
                buffer = host_memory((min(_UPLOAD_SAMPLES, self._reader.samples), 2), self._device)
            else:
                buffer, copied = copying.popleft()
                copied()
            part = buffer[: self._reader.samples - first]
            self._reader.read_into(part.numpy(), first)
            uploaded = part.to(self._device, non_blocking=True)
            copying.append((buffer, reached(self._device)))
            self._keep(uploaded, first)
            yield first, uploaded

    def _keep(self, part: torch.Tensor, first: int) -> None:
        if self._whole is not None:
            self._whole[:, first : first + len(part)] = part.T


def _sums(part: torch.Tensor, anchor: torch.Tensor) -> torch.Tensor:
    """Of both channels, and of the squares of the mono mix, relative to the anchor: (3,), in float64."""
    left, right = part.double().sub_(anchor).T
    return torch.stack([left.sum(), right.sum(), (left + right).square_().sum() / 4])


def _energy(block: torch.Tensor) -> torch.Tensor:
    return block.square().sum().double()
