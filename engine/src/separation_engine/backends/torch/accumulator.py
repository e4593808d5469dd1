"""Overlap-add on a torch device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import pad

from separation_engine.backends.torch.transfer import to_device, to_host, translated_errors
from separation_engine.common.wav import Samples
from separation_engine.networks.interface import PendingSamples


class TorchAccumulator:
    """The Accumulator of networks that return tensors, on their device."""

    def __init__(self, stems: int, span: int, device: torch.device) -> None:
        self._device = device
        with translated_errors("out of memory for another song"):
            self._sums = torch.zeros((stems, 2, span), device=device)

    @torch.inference_mode()
    def add(self, estimates: Sequence[torch.Tensor], window: Samples, weights: Samples, first: int) -> None:
        with translated_errors("out of memory in the overlap-add"):
            on_device = to_device(window, self._device)
            for sums, estimate, weight in zip(self._sums, estimates, weights.tolist(), strict=True):
                if weight:
                    sums[:, first : first + window.size].addcmul_(estimate, on_device, value=weight)

    @torch.inference_mode()
    def take(self, samples: int) -> PendingSamples:
        done = self._sums[..., :samples]
        with translated_errors("out of memory in the overlap-add"):
            if samples:
                self._sums = pad(self._sums[..., samples:], (0, samples))
            return to_host(done)
