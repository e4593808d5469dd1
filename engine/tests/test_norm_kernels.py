"""The kernels for norms, in Triton's interpreter where there is no GPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("triton")

import torch
from torch.nn.functional import gelu, glu

from separation_engine.architectures.htdemucs.torch import norm_kernels

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
# more than one block of time or channels, and parts of blocks; whether channels are last
LAYOUTS = [((2, 3, 1300), False), ((2, 3, 2, 40), False), ((2, 35, 2, 40), True)]


def values(shape: tuple[int, ...], *, channels_last: bool, dtype: torch.dtype, mean: float) -> torch.Tensor:
    made = mean + torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))
    made = made.to(DEVICE, dtype)
    return made.to(memory_format=torch.channels_last) if channels_last else made


# results are rounded to the type of the values; sums are not
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float16, 1e-3)])
@pytest.mark.parametrize(("shape", "last"), LAYOUTS)
def test_equal_torch(shape: tuple[int, ...], last: bool, dtype: torch.dtype, tolerance: float) -> None:
    wide = (shape[0], 2 * shape[1], *shape[2:])
    # a mean that float16 would not keep through squares
    x, y = (values(of, channels_last=last, dtype=dtype, mean=30.0) for of in (shape, wide))
    variances, means = norm_kernels.moments(x)
    wanted = torch.var_mean(x.double(), -1, correction=0)
    for found, moment in zip((variances, means), wanted, strict=True):
        assert found.dtype == torch.float32
        assert torch.allclose(found.double(), moment, rtol=1e-5)
    factor, offset = (
        values(wide[:-1], channels_last=False, dtype=torch.float32, mean=mean) for mean in (0.0, 0.5)
    )
    affine = factor[..., None] * (y - 30).float() + offset[..., None]
    shift = offset - 30 * factor
    expected = (x.float() + glu(affine, 1)).to(dtype)
    norm_kernels.add_glu_(x, y, factor, shift)
    assert error(x, expected) < tolerance
    norm_kernels.gelu_(y, factor, shift)
    assert error(y, gelu(affine).to(dtype)) < tolerance


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.double() - expected.double()).abs().max() / expected.double().abs().max())


def test_compile_for_a_gpu() -> None:
    """To machine code for an H100 or H200, which needs none."""
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_DEFAULT_FP_FUSION": "1"}
    told = subprocess.run([sys.executable, "-c", _COMPILE], env=environment, capture_output=True, check=False)
    assert told.returncode == 0, told.stderr.decode()[-2000:]


_COMPILE = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from separation_engine.architectures.htdemucs.torch import norm_kernels

for kernel in (norm_kernels._moments, norm_kernels._gelu, norm_kernels._add_glu):
    for last in (False, True):
        constants = {"channel_block": 32, "time_block": 32}
        # Triton takes a size or stride of 1 for a constant
        constants |= {name: 1 for name in kernel.arg_names if last and "channel_stride" in name}
        types = dict.fromkeys(kernel.arg_names, "i32") | dict.fromkeys(constants, "constexpr")
        types |= {name: "*fp16" for name in ("x", "y") if name in types}
        types |= {name: "*fp32" for name in ("variances", "means", "factor", "offset") if name in types}
        made = triton.compile(ASTSource(kernel, types, constants), target=GPUTarget("cuda", 90, 32))
        assert made.asm["cubin"]
"""
