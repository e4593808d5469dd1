from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from importlib.util import find_spec
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from demucs.hdemucs import HDecLayer, HEncLayer, MultiWrap
from demucs.htdemucs import HTDemucs
from demucs.transformer import MyGroupNorm
from torch import nn

from separation_engine.architectures.htdemucs.torch.fused_htdemucs import fuse_layers
from separation_engine.backends.torch.cuda_math import cuda_math
from separation_engine.common.device import GpuTrial
from tests.model_files import FOUR, SHORT, SIX
from tests.models import make_network
from tests.sounds import song

# like the published networks: branches in encoders and decoders, both kinds of transformer layers
PUBLISHED = {**SHORT, "dconv_mode": 3, "t_layers": 3}
# layers that have a fused replacement
REPLACED = (HEncLayer, HDecLayer, MyGroupNorm, nn.GroupNorm, nn.MultiheadAttention)

# conftest.py asks for the interpreter where there is no GPU
INTERPRETED = pytest.mark.skipif(
    os.environ.get("TRITON_INTERPRET") != "1" or find_spec("triton") is None,
    reason="Triton does not run on the CPU here",
)
# few bins and samples: Triton's interpreter takes milliseconds for each row
FEW_BINS = {**PUBLISHED, "nfft": 256, "depth": 2, "segment": Fraction(1, 20)}


def fused(stock: HTDemucs, *trials: GpuTrial, tf32: bool = False) -> HTDemucs:
    network = copy.deepcopy(stock)
    fuse_layers(network, tf32=tf32, trials=frozenset(trials))
    return network


def in_half(network: HTDemucs, dtype: torch.dtype) -> Callable[[torch.Tensor], torch.Tensor]:
    def forward(mix: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype):
            return cast("torch.Tensor", network(mix)).float()

    return forward


def error_db(stock: HTDemucs, network: Callable[[torch.Tensor], torch.Tensor], batch: int = 2) -> float:
    """Largest difference of a sample from Demucs, relative to the largest sample."""
    mix = torch.from_numpy(np.stack([song(samples_of(stock), seed=seed) for seed in range(batch)]))
    with torch.inference_mode():
        wanted, found = stock(mix), network(mix)
    return float(20 * torch.log10((found - wanted).abs().max() / wanted.abs().max()))


def samples_of(stock: HTDemucs) -> int:
    return int(stock.segment * stock.samplerate)


@pytest.mark.parametrize("sources", [FOUR, SIX])
def test_equals_stock(sources: list[str]) -> None:
    stock = make_network(HTDemucs, sources, PUBLISHED)
    assert error_db(stock, fused(stock)) < -115


def test_replaces_every_slow_layer_of_a_published_network() -> None:
    network = fused(make_network(HTDemucs, FOUR, PUBLISHED))
    assert not Counter(type(module).__name__ for module in network.modules() if isinstance(module, REPLACED))


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"norm_starts": 2}, HEncLayer),
        ({"rewrite": False}, HDecLayer),
        ({"multi_freqs": [0.5], "multi_freqs_depth": 1}, MultiWrap),
        ({"t_group_norm": 2}, MyGroupNorm),
        ({"t_group_norm": 1}, None),
        ({"t_norm_in": False, "t_norm_in_group": 1}, None),
        ({"t_norm_out": False}, None),
        ({"t_cross_first": True}, None),
        ({"t_layers": 0}, None),
        ({"bottom_channels": 0}, None),
        ({"dconv_mode": 0}, None),
        ({"dconv_mode": 1}, None),
        ({"dconv_mode": 2}, None),
        ({"context_enc": 1}, None),
        ({"segment": Fraction(44_103, 44_100)}, None),
        # the branches merge
        ({"nfft": 1024}, None),
        ({"nfft": 1024, "depth": 5, "t_layers": 0, "bottom_channels": 0}, None),
    ],
    ids=str,
)
def test_equals_stock_for_other_settings(settings: dict[str, Any], left: type[nn.Module] | None) -> None:
    stock = make_network(HTDemucs, FOUR, {**PUBLISHED, **settings})
    network = fused(stock)
    assert error_db(stock, network) < -115
    assert left is None or any(isinstance(module, left) for module in network.modules())


@pytest.mark.parametrize(
    "trials",
    [["channels-last"], pytest.param(["fused-norms", "channels-last"], marks=INTERPRETED)],
    ids="+".join,
)
def test_equals_stock_with_what_a_gpu_tries_out(trials: list[GpuTrial]) -> None:
    stock = make_network(HTDemucs, FOUR, FEW_BINS)
    network = fused(stock, *trials)
    assert error_db(stock, network, batch=1) < -115
    kinds = {type(module).__name__ for module in network.modules()}
    assert ("_TritonBranch" in kinds) == ("fused-norms" in trials)


def test_channels_stay_last_through_the_spectrums_layers() -> None:
    network = fused(make_network(HTDemucs, FOUR, PUBLISHED), "channels-last")
    seen: dict[str, bool] = {}

    def see(name: str, value: torch.Tensor) -> None:
        seen[name] = value.stride(1) == 1

    for name, module in network.named_modules():
        if name.startswith(("encoder", "decoder")) and name.endswith((".rewrite", ".residuals", ".conv_tr")):
            module.register_forward_hook(lambda _, __, found, name=name: see(name, found))
    with torch.inference_mode():
        network(torch.zeros(1, 2, samples_of(network)))
    assert len(seen) >= 8
    assert all(seen.values()), [name for name, last in seen.items() if not last]


@pytest.mark.parametrize(
    ("settings", "trials", "dtype"),
    [
        (PUBLISHED, [], torch.bfloat16),
        (PUBLISHED, [], torch.float16),
        pytest.param(FEW_BINS, ["fused-norms"], torch.float16, marks=INTERPRETED),
    ],
)
def test_loses_no_more_in_half_precision_than_stock(
    settings: dict[str, Any], trials: list[GpuTrial], dtype: torch.dtype
) -> None:
    stock = make_network(HTDemucs, FOUR, settings)
    error = error_db(stock, in_half(fused(stock, *trials), dtype), batch=1)
    assert error < error_db(stock, in_half(stock, dtype), batch=1) + 1


@pytest.mark.parametrize(("half", "most_db"), [(False, -120.0), (True, -60.0)])
@pytest.mark.parametrize("of_itself", [False, True])
def test_attention_equals_stock(half: bool, most_db: float, of_itself: bool) -> None:
    # attention hardly matters in random networks, so their stems would not reveal an error
    network = make_network(HTDemucs, FOUR, PUBLISHED)
    replaced = fused(network, tf32=half)
    layer = 0 if of_itself else 1
    name = f"crosstransformer.layers.{layer}.{'self' if of_itself else 'cross'}_attn"
    query = 3 * torch.randn(2, 50, 32, generator=torch.Generator().manual_seed(0))
    key = query if of_itself else query.flip(1)[:, :30] + 1
    with torch.inference_mode():
        wanted = network.get_submodule(name)(query, key, key, need_weights=False)[0]
        found = replaced.get_submodule(name)(query, key, key, need_weights=False)[0]
    error = float(20 * torch.log10((found - wanted).abs().max() / wanted.abs().max()))
    assert error < most_db
    assert not half or error > -120


@pytest.mark.parametrize("tf32", [False, True])
def test_the_wave_stays_in_float32(tf32: bool) -> None:
    network = fused(make_network(HTDemucs, FOUR, PUBLISHED), tf32=tf32)
    seen: dict[str, bool] = {}

    def see(name: str) -> None:
        seen[name] = cudnn_tf32()

    for name, module in network.named_modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            module.register_forward_hook(lambda *_, name=name: see(name))
    with torch.inference_mode(), cuda_math(tf32=tf32):
        network(torch.zeros(1, 2, samples_of(network)))
        assert cudnn_tf32() is tf32
    in_tf32 = {name.split(".")[0] for name, on in seen.items() if on}
    spectrum = {"encoder", "decoder", "crosstransformer", "channel_upsampler", "channel_downsampler"}
    assert in_tf32 >= spectrum if tf32 else not in_tf32
    assert not in_tf32 & {"tencoder", "tdecoder"}
    assert any(name.startswith("tdecoder") for name in seen)


def cudnn_tf32() -> bool:
    allowed = {bool(of.allow_tf32) for of in (torch.backends.cudnn, torch.backends.cuda.matmul)}
    assert len(allowed) == 1
    return allowed.pop()
