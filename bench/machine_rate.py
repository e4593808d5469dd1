"""Prints the machine's matrix-multiply rate and the work of htdemucs as JSON.

gflops: billions of operations a second of one large `torch.matmul`, the best of some, by precision.
gflop_per_second: billions of operations of the stock network for a second of song at the default overlap.
"""

import json
import sys
import time

import torch
from random_model import FOUR, SEGMENT, build
from torch.utils.flop_counter import FlopCounterMode

SIZE = 4096
ROUNDS = 6
OVERLAP = 0.25


def matmul_rate(dtype: torch.dtype) -> float:
    left, right = (torch.randn(SIZE, SIZE).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        torch.matmul(left, right)
        best = min(best, time.perf_counter() - began)
    return 2 * SIZE**3 / best / 1e9


def work_per_second() -> float:
    model = build("955717e8", FOUR)
    # the counter misses the fused attention of evaluation mode
    torch.backends.mha.set_fastpath_enabled(False)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(torch.zeros(1, 2, int(SEGMENT * model.samplerate)))
    return counter.get_total_flops() / 1e9 / float(SEGMENT) / (1 - OVERLAP)


if __name__ == "__main__":
    gflops = {"fp32": matmul_rate(torch.float32), "bf16": matmul_rate(torch.bfloat16)}
    json.dump({"gflops": gflops, "gflop_per_second": work_per_second()}, sys.stdout)
