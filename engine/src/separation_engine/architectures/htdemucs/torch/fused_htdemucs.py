"""Fused layers of HTDemucs: the same computation in fewer passes over GPU memory.

On a large GPU, Demucs' own layers spend most of a forward in three places: group norms that use only a few
multiprocessors; biases, scales and permutations that each take a pass; and deterministic transposed
convolutions. The layers here reuse the weights of the originals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from demucs.demucs import DConv
from demucs.hdemucs import HDecLayer, HEncLayer, MultiWrap
from demucs.htdemucs import HTDemucs
from demucs.transformer import LayerScale, MyGroupNorm
from torch import nn
from torch.nn import functional

from separation_engine.architectures.demucs.torch_module import load_network as load_stock
from separation_engine.backends.torch.cuda_math import cuda_math
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend

_BRANCH = [nn.Conv1d, nn.GroupNorm, nn.GELU, nn.Conv1d, nn.GroupNorm, nn.GLU, LayerScale]


def load_network(backend: Backend, weights: NetworkWeights) -> TorchNetwork:
    """On the backend's device, with fused layers on CUDA."""

    def optimize(module: torch.nn.Module) -> None:
        if backend.device == "cuda" and isinstance(module, HTDemucs):
            fuse_layers(module, tf32=backend.precision == "tf32")

    return load_stock(backend, weights, optimize)


@torch.no_grad()
def fuse_layers(network: HTDemucs, *, tf32: bool) -> None:
    """Replace Demucs' layers with fused ones wherever an equivalent exists.

    tf32: whether the network multiplies in TF32. Attention then uses float16, whose mantissa is as long. The
    wave's layers, 1/12 of the work, stay in float32: with random weights that reaches 65 dB, against 37 dB
    at worst without.
    """
    # a MultiWrap accesses the inside of its layers
    wrapped = {
        module for wrap in network.modules() if isinstance(wrap, MultiWrap) for module in wrap.modules()
    }
    for parent in [module for module in network.modules() if module not in wrapped]:
        for name, child in list(parent.named_children()):
            if (fused := _fused(child, tf32=tf32)) is not None:
                setattr(parent, name, fused)


def _fused(module: nn.Module, *, tf32: bool) -> nn.Module | None:
    if isinstance(module, HEncLayer) and _is_supported(module):
        return _InFloat32(_Encoder(module)) if tf32 and not module.freq else _Encoder(module)
    if isinstance(module, HDecLayer) and _is_supported(module) and module.kernel_size == 2 * module.stride:
        return _InFloat32(_Decoder(module)) if tf32 and not module.freq else _Decoder(module)
    if isinstance(module, MyGroupNorm) and module.num_groups == 1:
        return _GroupNorm(module)
    if isinstance(module, nn.MultiheadAttention) and module.batch_first:
        return _Attention(module, half=tf32)
    return None


def _is_supported(layer: HEncLayer | HDecLayer) -> bool:
    """Whether it is built like in every published HTDemucs: gated, without norms of its own."""
    if layer.empty or layer.norm or layer.rewrite is None:
        return False
    return all(_is_published(branch) for branch in _branches(layer.dconv))


def _is_published(branch: list[nn.Module]) -> bool:
    norms = [part for part in branch if isinstance(part, nn.GroupNorm)]
    return [type(part) for part in branch] == _BRANCH and all(norm.num_groups == 1 for norm in norms)


def _branches(stock: DConv | None) -> list[list[nn.Module]]:
    return [[*cast("nn.Sequential", branch)] for branch in (stock.layers if stock else [])]


class _Encoder(nn.Module):
    """(batch, channels, time), or with `freq` (batch, channels, bins, time)."""

    # HTDemucs reads this to see whether the two branches merge here
    empty = False

    def __init__(self, stock: HEncLayer) -> None:
        super().__init__()
        self.freq, self.stride = stock.freq, stock.stride
        self.conv, self.rewrite = stock.conv, cast("nn.Module", stock.rewrite)
        self.residuals = _Residuals(stock.dconv)

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

    def __init__(self, stock: HDecLayer) -> None:
        super().__init__()
        self.freq, self.last, self.pad, self.channels = stock.freq, stock.last, stock.pad, stock.chin
        self.rewrite = cast("nn.Module", stock.rewrite)
        self.residuals = _Residuals(stock.dconv)
        self.conv_tr = _Transposed(stock.conv_tr)

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


class _Residuals(nn.Module):
    """The branches of a DConv without the permutations around them. Works in place."""

    def __init__(self, stock: DConv | None) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_Branch(branch) for branch in _branches(stock))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for branch in self.branches:
            x += branch(x)
        return x


class _Branch(nn.Module):
    def __init__(self, stock: Sequence[nn.Module]) -> None:
        super().__init__()
        narrow, norm, _, widen, gated_norm, _, scale = stock
        self.narrow, self.widen = cast("nn.Conv1d", narrow), cast("nn.Conv1d", widen)
        self.norm = _BiasedNorm(self.narrow, cast("nn.GroupNorm", norm))
        self.gated_norm = _BiasedNorm(
            self.widen, cast("nn.GroupNorm", gated_norm), cast("LayerScale", scale).scale
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        narrow = torch.ops.aten.gelu_(self.norm(_without_bias(x, self.narrow)))
        return functional.glu(self.gated_norm(_without_bias(narrow, self.widen)), 1)


def _without_bias(x: torch.Tensor, conv: nn.Conv1d) -> torch.Tensor:
    """A convolution along the last axis."""
    (padding, *_), (dilation, *_) = cast("tuple[int, ...]", conv.padding), conv.dilation
    if x.dim() == 3:
        return functional.conv1d(x, conv.weight, None, 1, padding, dilation)
    return functional.conv2d(x, conv.weight[:, :, None], None, 1, (0, padding), (1, dilation))


class _BiasedNorm(nn.Module):
    """A convolution's bias and a one-group GroupNorm over channels and time, in one pass.

    scale: (channels / 2,) of the LayerScale after the GLU. It scales the first half of the channels, which
    the gate multiplies.
    """

    bias: torch.Tensor
    weight: torch.Tensor
    shift: torch.Tensor

    def __init__(self, conv: nn.Conv1d, stock: nn.GroupNorm, scale: torch.Tensor | None = None) -> None:
        super().__init__()
        self.eps = stock.eps
        factor = torch.ones_like(stock.weight)
        if scale is not None:
            factor[: len(scale)] = scale
        self.register_buffer("bias", cast("torch.Tensor", conv.bias).detach())
        self.register_buffer("weight", stock.weight * factor)
        self.register_buffer("shift", stock.bias * factor)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bias, weight, shift = (
            value.view(-1, *[1] * (x.dim() - 3)) for value in (self.bias, self.weight, self.shift)
        )
        # like the original under autocast: statistics of bfloat16 values would be rounded to bfloat16
        x = x.float()
        # per channel first, to occupy the whole GPU
        variances, means = torch.var_mean(x, -1, correction=0)
        mean, variance = _combine(means + bias, variances)
        factor = weight * (variance + self.eps).rsqrt()
        offset = (bias - mean) * factor + shift
        return torch.addcmul(offset[..., None], x, factor[..., None])


class _GroupNorm(nn.Module):
    """One group over time and channels; input (batch, time, channels)."""

    def __init__(self, stock: MyGroupNorm) -> None:
        super().__init__()
        self.eps, self.weight, self.bias = stock.eps, stock.weight, stock.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.float()
        variances, means = torch.var_mean(x, 2, keepdim=True, correction=0)
        mean, variance = _combine(means, variances)
        factor = self.weight * (variance + self.eps).rsqrt()
        return torch.addcmul(self.bias - mean * factor, x, factor)


def _combine(means: torch.Tensor, variances: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over equally sized parts along axis 1."""
    mean = means.mean(1, keepdim=True)
    return mean, (variances + (means - mean).square()).mean(1, keepdim=True)


class _Transposed(nn.Module):
    """A transposed convolution along time or bins as a plain convolution with `stride` bands.

    The kernel is two strides long, so each output depends on two inputs.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, stock: nn.ConvTranspose1d | nn.ConvTranspose2d) -> None:
        super().__init__()
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
        return bands.transpose(2, 3).flatten(2, 3)


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
