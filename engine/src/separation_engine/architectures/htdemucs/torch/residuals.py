"""The residual branches of an HTDemucs layer, without the permutations around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from demucs.demucs import DConv
from demucs.transformer import LayerScale
from torch import nn
from torch.nn import functional


def branches_of(stock: DConv | None) -> list[list[nn.Module]]:
    return [[*cast("nn.Sequential", branch)] for branch in (stock.layers if stock else [])]


class Residuals(nn.Module):
    """The branches of a DConv. Works in place.

    fused_norms: with the kernels of Triton. They differ by the order of sums, and by a rounding of exp and
    erf: by less than 1e-5 of the largest value in float32.
    """

    def __init__(self, stock: DConv | None, *, fused_norms: bool = False) -> None:
        super().__init__()
        kind = _TritonBranch if fused_norms else _Branch
        self.branches = nn.ModuleList(kind(branch) for branch in branches_of(stock))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for branch in self.branches:
            x = branch(x)
        return x


class _Branch(nn.Module):
    """Adds to its input, in place."""

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
        x += functional.glu(self.gated_norm(_without_bias(narrow, self.widen)), 1)
        return x


class _TritonBranch(_Branch):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        from separation_engine.architectures.htdemucs.torch import norm_kernels

        narrow = _without_bias(x, self.narrow)
        norm_kernels.gelu_(narrow, *self.norm.affine(*norm_kernels.moments(narrow)))
        wide = _without_bias(narrow, self.widen)
        return norm_kernels.add_glu_(x, wide, *self.gated_norm.affine(*norm_kernels.moments(wide)))


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
        # like the original under autocast: statistics of bfloat16 values would be rounded to bfloat16
        x = x.float()
        # per channel first, to occupy the whole GPU
        variances, means = torch.var_mean(x, -1, correction=0)
        factor, offset = self.affine(variances, means)
        return torch.addcmul(offset[..., None], x, factor[..., None])

    def affine(self, variances: torch.Tensor, means: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Factor and offset that bias and normalize, from the moments of each channel along time."""
        bias, weight, shift = (
            value.view(-1, *[1] * (means.dim() - 2)) for value in (self.bias, self.weight, self.shift)
        )
        mean, variance = combine(means + bias, variances)
        factor = weight * (variance + self.eps).rsqrt()
        return factor, (bias - mean) * factor + shift


def combine(means: torch.Tensor, variances: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over equally sized parts along axis 1."""
    mean = means.mean(1, keepdim=True)
    return mean, (variances + (means - mean).square()).mean(1, keepdim=True)
