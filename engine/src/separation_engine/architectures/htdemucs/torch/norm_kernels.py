"""Triton kernels for norms around convolutions: each reads its tensor once and writes it in place.

Values are (batch, channels, time) or (batch, channels, bins, time), contiguous or channels-last, in any
floating-point type. All arithmetic is in float32. Factors and offsets are float32, without the time axis.
Without a GPU they run in Triton's interpreter if TRITON_INTERPRET=1 is set before this module is imported.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

# values of one program
_BLOCK = 1024
# of channels that lie side by side: one transaction of float32
_CHANNELS = 32


def moments(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Variances and means along time, in float32."""
    y, blocks = _laid_out(x)
    batch, channels, bins, time = y.shape
    variances, means = (x.new_empty(x.shape[:-1], dtype=torch.float32) for _ in range(2))
    grid = (batch * bins, triton.cdiv(channels, blocks[0]))
    _moments[grid](y, variances, means, channels, bins, time, *y.stride(), *blocks)
    return variances, means


def gelu_(x: torch.Tensor, factor: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """x = gelu(factor * x + offset). Returns x."""
    y, blocks = _laid_out(x)
    _gelu[_grid(y, blocks)](y, factor.contiguous(), offset.contiguous(), *y.shape[1:], *y.stride(), *blocks)
    return x


def add_glu_(x: torch.Tensor, y: torch.Tensor, factor: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """x += glu(factor * y + offset); y has twice the channels. Returns x."""
    sums, blocks = _laid_out(x)
    gated, _ = _laid_out(y)
    _add_glu[_grid(sums, blocks)](
        sums,
        gated,
        factor.contiguous(),
        offset.contiguous(),
        *sums.shape[1:],
        *sums.stride(),
        *gated.stride(),
        *blocks,
    )
    return x


def _laid_out(x: torch.Tensor) -> tuple[torch.Tensor, tuple[int, int]]:
    """With an axis of bins, and the block sizes along channels and time that read neighbors in memory."""
    y = x if x.dim() == 4 else x[:, :, None]
    if y.stride(-1) != 1:
        return y, (_CHANNELS, _BLOCK // _CHANNELS)
    times = min(_BLOCK, triton.next_power_of_2(y.shape[-1]))
    return y, (_BLOCK // times, times)


def _grid(x: torch.Tensor, blocks: tuple[int, int]) -> tuple[int, int, int]:
    batch, channels, bins, time = x.shape
    return batch * bins, triton.cdiv(channels, blocks[0]), triton.cdiv(time, blocks[1])


@triton.jit
def _moments(  # noqa: PLR0917 - kernels take no structures
    x: tl.tensor,
    variances: tl.tensor,
    means: tl.tensor,
    channels: tl.tensor,
    bins: tl.tensor,
    time: tl.tensor,
    batch_stride: tl.tensor,
    channel_stride: tl.tensor,
    bin_stride: tl.tensor,
    time_stride: tl.tensor,
    channel_block: tl.constexpr,
    time_block: tl.constexpr,
) -> None:
    batch = tl.program_id(0).to(tl.int64) // bins
    index = tl.program_id(0).to(tl.int64) % bins
    channel = tl.program_id(1) * channel_block + tl.arange(0, channel_block)
    inside = channel < channels
    start = x + batch * batch_stride + index * bin_stride + channel[:, None].to(tl.int64) * channel_stride
    sums = tl.zeros((channel_block, time_block), tl.float32)
    for first in range(0, time, time_block):
        at = first + tl.arange(0, time_block)
        there = inside[:, None] & (at < time)[None, :]
        sums += tl.load(start + at[None, :].to(tl.int64) * time_stride, mask=there, other=0.0).to(tl.float32)
    mean = tl.sum(sums, 1) / time
    # a second pass: squares alone would cancel where the mean is large
    squares = tl.zeros((channel_block, time_block), tl.float32)
    for first in range(0, time, time_block):
        at = first + tl.arange(0, time_block)
        there = inside[:, None] & (at < time)[None, :]
        value = tl.load(start + at[None, :].to(tl.int64) * time_stride, mask=there, other=0.0).to(tl.float32)
        centered = tl.where(there, value - mean[:, None], 0.0)
        squares += centered * centered
    row = (batch * channels + channel) * bins + index
    tl.store(variances + row, tl.sum(squares, 1) / time, mask=inside)
    tl.store(means + row, mean, mask=inside)


@triton.jit
def _places(
    first: tl.tensor, channel: tl.tensor, at: tl.tensor, channel_stride: tl.tensor, time_stride: tl.tensor
) -> tl.tensor:
    return first + channel[:, None].to(tl.int64) * channel_stride + at[None, :].to(tl.int64) * time_stride


@triton.jit
def _gelu(  # noqa: PLR0917 - kernels take no structures
    x: tl.tensor,
    factor: tl.tensor,
    offset: tl.tensor,
    channels: tl.tensor,
    bins: tl.tensor,
    time: tl.tensor,
    batch_stride: tl.tensor,
    channel_stride: tl.tensor,
    bin_stride: tl.tensor,
    time_stride: tl.tensor,
    channel_block: tl.constexpr,
    time_block: tl.constexpr,
) -> None:
    batch = tl.program_id(0).to(tl.int64) // bins
    index = tl.program_id(0).to(tl.int64) % bins
    channel = tl.program_id(1) * channel_block + tl.arange(0, channel_block)
    at = tl.program_id(2) * time_block + tl.arange(0, time_block)
    inside = channel < channels
    there = inside[:, None] & (at < time)[None, :]
    first = x + batch * batch_stride + index * bin_stride
    where = _places(first, channel, at, channel_stride, time_stride)
    row = (batch * channels + channel) * bins + index
    value = tl.load(where, mask=there, other=0.0).to(tl.float32)
    scale = tl.load(factor + row, mask=inside, other=0.0)
    shift = tl.load(offset + row, mask=inside, other=0.0)
    value = value * scale[:, None] + shift[:, None]
    value = 0.5 * value * (1.0 + tl.erf(value * 0.7071067811865476))
    tl.store(where, value.to(x.dtype.element_ty), mask=there)


@triton.jit
def _add_glu(  # noqa: PLR0917 - kernels take no structures
    x: tl.tensor,
    y: tl.tensor,
    factor: tl.tensor,
    offset: tl.tensor,
    channels: tl.tensor,
    bins: tl.tensor,
    time: tl.tensor,
    batch_stride: tl.tensor,
    channel_stride: tl.tensor,
    bin_stride: tl.tensor,
    time_stride: tl.tensor,
    gated_batch_stride: tl.tensor,
    gated_channel_stride: tl.tensor,
    gated_bin_stride: tl.tensor,
    gated_time_stride: tl.tensor,
    channel_block: tl.constexpr,
    time_block: tl.constexpr,
) -> None:
    batch = tl.program_id(0).to(tl.int64) // bins
    index = tl.program_id(0).to(tl.int64) % bins
    channel = tl.program_id(1) * channel_block + tl.arange(0, channel_block)
    at = tl.program_id(2) * time_block + tl.arange(0, time_block)
    inside = channel < channels
    there = inside[:, None] & (at < time)[None, :]
    first = x + batch * batch_stride + index * bin_stride
    where = _places(first, channel, at, channel_stride, time_stride)
    first_gated = y + batch * gated_batch_stride + index * gated_bin_stride
    linear = _places(first_gated, channel, at, gated_channel_stride, gated_time_stride)
    gate = linear + channels * gated_channel_stride
    row = (2 * batch * channels + channel) * bins + index
    gate_row = row + channels * bins
    scale = tl.load(factor + row, mask=inside, other=0.0)[:, None]
    shift = tl.load(offset + row, mask=inside, other=0.0)[:, None]
    gate_scale = tl.load(factor + gate_row, mask=inside, other=0.0)[:, None]
    gate_shift = tl.load(offset + gate_row, mask=inside, other=0.0)[:, None]
    value = tl.load(linear, mask=there, other=0.0).to(tl.float32) * scale + shift
    opening = tl.sigmoid(tl.load(gate, mask=there, other=0.0).to(tl.float32) * gate_scale + gate_shift)
    total = tl.load(where, mask=there, other=0.0).to(tl.float32) + value * opening
    tl.store(where, total.to(x.dtype.element_ty), mask=there)
