"""HTDemucs' layers as a GPU runs them quickly: the same sums in fewer passes over its memory.

Stock spends most of a forward on a large GPU with group norms that a few of its processors compute, with
biases, scales and permutations that are passes of their own, and, where the same input has to give the same
bits, with transposed convolutions. The layers here take the stock ones apart and keep their weights.
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

from separation_engine.backends.torch.cuda_math import products

# of what decides the result: raise it with every change of the sums
LAYERS_VERSION = 2
_BRANCH = [nn.Conv1d, nn.GroupNorm, nn.GELU, nn.Conv1d, nn.GroupNorm, nn.GLU, LayerScale]


@torch.no_grad()
def quicken(network: HTDemucs, *, tf32: bool) -> None:
    """Puts the quick layers in the place of those stock ones that they can stand for.

    tf32: for a network whose products are in TF32. It attends in float16, whose mantissa is as long. The
    layers of the wave, a twelfth of the work, stay in float32: with random weights it comes to 65 dB so, and
    to 37 at worst without.
    """
    # a MultiWrap looks into its layers
    wrapped = {
        module for wrap in network.modules() if isinstance(wrap, MultiWrap) for module in wrap.modules()
    }
    for parent in [module for module in network.modules() if module not in wrapped]:
        for name, child in list(parent.named_children()):
            if (quick := _quick(child, tf32=tf32)) is not None:
                setattr(parent, name, quick)


def _quick(module: nn.Module, *, tf32: bool) -> nn.Module | None:
    if isinstance(module, HEncLayer) and _is_plain(module):
        return _InFloat32(_Encoder(module)) if tf32 and not module.freq else _Encoder(module)
    if isinstance(module, HDecLayer) and _is_plain(module) and module.kernel_size == 2 * module.stride:
        return _InFloat32(_Decoder(module)) if tf32 and not module.freq else _Decoder(module)
    if isinstance(module, MyGroupNorm) and module.num_groups == 1:
        return _GroupNorm(module)
    if isinstance(module, nn.MultiheadAttention) and module.batch_first:
        return _Attention(module, half=tf32)
    return None


def _is_plain(layer: HEncLayer | HDecLayer) -> bool:
    """Whether it is as in every published HTDemucs: not normed, gated, with residual branches or without."""
    if layer.empty or layer.norm or layer.rewrite is None:
        return False
    return all(_is_published(branch) for branch in _branches(layer.dconv))


def _is_published(branch: list[nn.Module]) -> bool:
    norms = [part for part in branch if isinstance(part, nn.GroupNorm)]
    return [type(part) for part in branch] == _BRANCH and all(norm.num_groups == 1 for norm in norms)


def _branches(stock: DConv | None) -> list[list[nn.Module]]:
    return [[*cast("nn.Sequential", branch)] for branch in (stock.layers if stock else [])]


class _Encoder(nn.Module):
    """Of (batch, channels, time), or of bins with `freq`: (batch, channels, bins, time)."""

    # HTDemucs asks whether the two branches merge here
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
    """Of the same shapes as _Encoder. It gives what goes into its transposed convolution too."""

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
    """A layer with its products in float32, whatever those around it are in."""

    empty = False

    def __init__(self, layer: _Encoder | _Decoder) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *inputs: torch.Tensor) -> object:
        with products(tf32=False):
            return self.layer(*inputs)


class _Residuals(nn.Module):
    """The branches of a DConv, without the permutations around it. Works in place."""

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
    """A GroupNorm of one group over channels and time, after a convolution that left out its bias.

    scale: of a LayerScale behind a gate that halves the channels, (channels / 2,). It goes into the first
    half, which the gate multiplies.
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
        # with autocast too, as stock's norm: what is taken of bfloat16 would be rounded to it
        x = x.float()
        # channel by channel first, so that all of a GPU has work
        variances, means = torch.var_mean(x, -1, correction=0)
        mean, variance = _joined(means + bias, variances)
        factor = weight * (variance + self.eps).rsqrt()
        offset = (bias - mean) * factor + shift
        return torch.addcmul(offset[..., None], x, factor[..., None])


class _GroupNorm(nn.Module):
    """One group over time and channels, of (batch, time, channels)."""

    def __init__(self, stock: MyGroupNorm) -> None:
        super().__init__()
        self.eps, self.weight, self.bias = stock.eps, stock.weight, stock.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.float()
        variances, means = torch.var_mean(x, 2, keepdim=True, correction=0)
        mean, variance = _joined(means, variances)
        factor = self.weight * (variance + self.eps).rsqrt()
        return torch.addcmul(self.bias - mean * factor, x, factor)


def _joined(means: torch.Tensor, variances: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over parts of the same size, which lie along axis 1."""
    mean = means.mean(1, keepdim=True)
    return mean, (variances + (means - mean).square()).mean(1, keepdim=True)


class _Transposed(nn.Module):
    """A transposed convolution along time or along bins as a plain one, which gives `stride` bands.

    Its kernel reaches over two steps, so that each output is a sum of two inputs.
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
    """An nn.MultiheadAttention of (batch, time, channels), with keys that are the values too."""

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
