from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import cast

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch.overrides import TorchFunctionMode

from separation_engine.architectures.demucs.no_host_sync import no_host_sync
from separation_engine.architectures.htdemucs.torch.fused_htdemucs import fuse_layers
from tests.models import short, small_hybrid
from tests.sounds import RATE, song


def short_fused() -> torch.nn.Module:
    network = short()
    fuse_layers(network, tf32=True)
    return network


Make = Callable[[], torch.nn.Module]


@contextmanager
def as_stock() -> Iterator[None]:
    yield


def run(
    network: torch.nn.Module,
    mix: torch.Tensor,
    how: Callable[[], AbstractContextManager[None]] = no_host_sync,
) -> torch.Tensor:
    with torch.inference_mode(), how():
        stems: torch.Tensor = network(mix)
        return stems


@pytest.mark.parametrize("make", [short, small_hybrid])
@pytest.mark.parametrize("samples", [1, 300, 5000, RATE - 1, RATE])
def test_equals_stock(make: Make, samples: int) -> None:
    network = make().eval()
    mix = torch.from_numpy(np.stack([song(samples, seed=seed) for seed in range(2)]))
    wanted = run(network, mix, as_stock)
    # the second run uses cached constants
    for _ in range(2):
        torch.testing.assert_close(run(network, mix), wanted, rtol=0, atol=1e-6 * float(wanted.abs().max()))


@pytest.mark.parametrize("make", [short, small_hybrid])
def test_the_inverse_gets_the_spectrum_of_a_real_wave(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    transformed: list[torch.Tensor] = []
    irfft = torch.fft.irfft

    def seen(spectra: torch.Tensor, *args: int, **options: object) -> torch.Tensor:
        transformed.append(spectra.clone())
        return cast("torch.Tensor", irfft(spectra, *args, **options))

    monkeypatch.setattr(torch.fft, "irfft", seen)
    run(make().eval(), torch.from_numpy(song(RATE))[None])
    (spectra,) = transformed
    assert not spectra.imag[:, [0, -1]].any()
    assert spectra.imag[:, 1:-1].abs().max() > 0.01


@pytest.mark.parametrize("make", [short, short_fused, small_hybrid])
def test_copies_nothing_between_host_and_device(make: Make) -> None:
    # a meta device has no values: reading one fails
    network, mix = make().eval().to("meta"), torch.zeros((2, 2, RATE), device="meta")
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        run(network, mix, as_stock)
    # the first run copies constants to the device
    run(network, mix)

    with _NothingFromTheHost():
        run(network, mix)


class _NothingFromTheHost(TorchFunctionMode):
    """Fails if a tensor is copied from the host."""

    def __torch_function__(
        self,
        func: Callable[..., object],
        _: object,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        found = func(*args, **(kwargs or {}))
        tensors = [value for value in args if isinstance(value, torch.Tensor) and value.dim()]
        devices = {
            tensor.device.type for tensor in [*tensors, *([found] if isinstance(found, torch.Tensor) else [])]
        }
        assert len(devices) < 2, f"{func} copies between {devices}"
        return found
