"""Fused layers of HTDemucs: the same computation in fewer passes over GPU memory.

On a large GPU, Demucs' own layers spend most of a forward in three places: group norms that use only a few
multiprocessors; biases, scales and permutations that each take a pass; and deterministic transposed
convolutions. The layers here reuse the weights of the originals.
"""

from __future__ import annotations

from typing import cast

import torch
from demucs.hdemucs import HDecLayer, HEncLayer, MultiWrap
from demucs.htdemucs import HTDemucs
from demucs.transformer import LayerScale, MyGroupNorm
from torch import nn
from torch.nn import functional

from separation_engine.architectures.demucs.torch_module import load_network as load_stock
from separation_engine.architectures.htdemucs.torch.residuals import Residuals, branches_of, combine
from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.backends.torch.cuda_math import cuda_math
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.common.device import GpuTrial
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend

_BRANCH = [nn.Conv1d, nn.GroupNorm, nn.GELU, nn.Conv1d, nn.GroupNorm, nn.GLU, LayerScale]


def load_network(backend: Backend, weights: NetworkWeights) -> TorchNetwork:
    """On the backend's device, with fused layers on CUDA."""
    trials = backend.gpu_trials if isinstance(backend, TorchBackend) else frozenset()

    def optimize(module: torch.nn.Module) -> None:
        if backend.device == "cuda" and isinstance(module, HTDemucs):
            fuse_layers(module, tf32=backend.precision == "tf32", trials=trials)

    return load_stock(backend, weights, optimize, trials)


@torch.no_grad()
def fuse_layers(network: HTDemucs, *, tf32: bool, trials: frozenset[GpuTrial] = frozenset()) -> None:
    """Replace Demucs' layers with fused ones wherever an equivalent exists.

    tf32: whether the network multiplies in TF32. Attention then uses float16, whose mantissa is as long. The
    wave's layers, 1/12 of the work, stay in float32: with random weights that reaches 65 dB, against 37 dB
    at worst without. trials: with `channels-last`, the spectrum's layers keep the channels of a bin side by
    side, as tensor cores want them.
    """
    # a MultiWrap accesses the inside of its layers
    wrapped = {
        module for wrap in network.modules() if isinstance(wrap, MultiWrap) for module in wrap.modules()
    }
    for parent in [module for module in network.modules() if module not in wrapped]:
        for name, child in list(parent.named_children()):
            if (fused := _fused(child, tf32=tf32, trials=trials)) is not None:
                setattr(parent, name, fused)


def _fused(module: nn.Module, *, tf32: bool, trials: frozenset[GpuTrial]) -> nn.Module | None:
    if isinstance(module, HEncLayer) and _is_supported(module):
        return _of_its_branch(_Encoder(module, trials), tf32=tf32, trials=trials)
    if isinstance(module, HDecLayer) and _is_supported(module) and module.kernel_size == 2 * module.stride:
        return _of_its_branch(_Decoder(module, trials), tf32=tf32, trials=trials)
    if isinstance(module, MyGroupNorm) and module.num_groups == 1:
        return _GroupNorm(module)
    if isinstance(module, nn.MultiheadAttention) and module.batch_first:
        return _Attention(module, half=tf32)
    return None


def _of_its_branch(layer: _Encoder | _Decoder, *, tf32: bool, trials: frozenset[GpuTrial]) -> nn.Module:
    if not layer.freq:
        return _InFloat32(layer) if tf32 else layer
    return layer.to(memory_format=torch.channels_last) if "channels-last" in trials else layer


def _is_supported(layer: HEncLayer | HDecLayer) -> bool:
    """Whether it is built like in every published HTDemucs: gated, without norms of its own."""
    if layer.empty or layer.norm or layer.rewrite is None:
        return False
    return all(_is_published(branch) for branch in branches_of(layer.dconv))


def _is_published(branch: list[nn.Module]) -> bool:
    norms = [part for part in branch if isinstance(part, nn.GroupNorm)]
    return [type(part) for part in branch] == _BRANCH and all(norm.num_groups == 1 for norm in norms)


class _Encoder(nn.Module):
    """(batch, channels, time), or with `freq` (batch, channels, bins, time)."""

    # HTDemucs reads this to see whether the two branches merge here
    empty = False

    def __init__(self, stock: HEncLayer, trials: frozenset[GpuTrial]) -> None:
        super().__init__()
        self.freq, self.stride = stock.freq, stock.stride
        self.conv, self.rewrite = stock.conv, cast("nn.Module", stock.rewrite)
        self.residuals = Residuals(stock.dconv, fused_norms="fused-norms" in trials)

    def forward(self, x: torch.Tensor, inject: torch.Tensor | None = None) -> torch.Tensor:
        if not self.freq:
            x = x.flatten(1, -2)
            x = functional.pad(x, (0, -x.shape[-1] % self.stride))
        y = self.conv(x)
        if inject is not None:
            y = y + (inject[:, :, None] if inject.dim() < y.dim() else inject)
        return functional.glu(self.rewrite(self.residuals(functional.gelu(y))), 1)


class _Decoder(nn.Module):
    """Same shapes as _Encoder. Also returns the input of its transposed convolution."""

    empty = False

    def __init__(self, stock: HDecLayer, trials: frozenset[GpuTrial]) -> None:
        super().__init__()
        self.freq, self.last, self.pad, self.channels = stock.freq, stock.last, stock.pad, stock.chin
        self.rewrite = cast("nn.Module", stock.rewrite)
        self.residuals = Residuals(stock.dconv, fused_norms="fused-norms" in trials)
        self.conv_tr = _Transposed(stock.conv_tr, channels_last=stock.freq and "channels-last" in trials)

    def forward(self, x: torch.Tensor, skip: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        if self.freq and x.dim() == 3:
            x = x.view(x.shape[0], self.channels, -1, x.shape[2])
        y = self.residuals(functional.glu(self.rewrite(x + skip), 1))
        z = self.conv_tr(y)
        z = (
            z[..., self.pad : z.shape[-2] - self.pad, :]
            if self.freq
            else z[..., self.pad : self.pad + length]
        )
        return (z if self.last else functional.gelu(z)), y


class _InFloat32(nn.Module):
    """Runs a layer in float32, whatever the surrounding precision is."""

    empty = False

    def __init__(self, layer: _Encoder | _Decoder) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *inputs: torch.Tensor) -> object:
        with cuda_math(tf32=False):
            return self.layer(*inputs)


class _GroupNorm(nn.Module):
    """One group over time and channels; input (batch, time, channels)."""

    def __init__(self, stock: MyGroupNorm) -> None:
        super().__init__()
        self.eps, self.weight, self.bias = stock.eps, stock.weight, stock.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.float()
        variances, means = torch.var_mean(x, 2, keepdim=True, correction=0)
        mean, variance = combine(means, variances)
        factor = self.weight * (variance + self.eps).rsqrt()
        return torch.addcmul(self.bias - mean * factor, x, factor)


class _Transposed(nn.Module):
    """A transposed convolution along time or bins as a plain convolution with `stride` bands.

    The kernel is two strides long, so each output depends on two inputs.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(
        self, stock: nn.ConvTranspose1d | nn.ConvTranspose2d, *, channels_last: bool = False
    ) -> None:
        super().__init__()
        self.channels_last = channels_last
        self.stride = stock.stride[0]
        inputs, outputs, kernel, *other = stock.weight.shape
        taps = (
            stock.weight.view(inputs, outputs, kernel // self.stride, self.stride).flip(2).permute(1, 3, 0, 2)
        )
        self.register_buffer("weight", taps.reshape(outputs * self.stride, inputs, 2, *other))
        bias = cast("torch.Tensor", stock.bias)
        self.register_buffer("bias", bias.repeat_interleave(self.stride))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dim() == 3:
            bands = functional.conv1d(x, self.weight, self.bias, padding=1)
        else:
            bands = functional.conv2d(x, self.weight, self.bias, padding=(1, 0))
        batch, channels, *rest = bands.shape
        bands = bands.view(batch, channels // self.stride, self.stride, *rest)
        if not self.channels_last:
            return bands.transpose(2, 3).flatten(2, 3)
        # the same values; the copy that joins the bands leaves the channels last
        return bands.permute(0, 3, 2, 4, 1).flatten(1, 2).permute(0, 3, 1, 2)


class _Attention(nn.Module):
    """nn.MultiheadAttention for (batch, time, channels), where the keys are also the values."""

    def __init__(self, stock: nn.MultiheadAttention, *, half: bool) -> None:
        super().__init__()
        self.heads, self.half_precise = stock.num_heads, half
        self.weight, self.bias, self.out_proj = stock.in_proj_weight, stock.in_proj_bias, stock.out_proj

    def forward(
        self, query: torch.Tensor, key: torch.Tensor, _value: torch.Tensor, **_: object
    ) -> tuple[torch.Tensor, None]:
        batch, _time, channels = query.shape
        if key is query:
            made = functional.linear(query, self.weight, self.bias).chunk(3, 2)
        else:
            made = (
                functional.linear(query, self.weight[:channels], self.bias[:channels]),
                *functional.linear(key, self.weight[channels:], self.bias[channels:]).chunk(2, 2),
            )
        queries, keys, values = (
            part.view(batch, -1, self.heads, channels // self.heads).transpose(1, 2) for part in made
        )
        if self.half_precise:
            queries, keys, values = queries.half(), keys.half(), values.half()
        found = functional.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2)
        return self.out_proj(found.to(query.dtype)), None
