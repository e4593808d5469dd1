"""Settings for every test of the engine."""

from __future__ import annotations

import os

from separation_engine.common.device import cuda_devices

# spinning OpenMP threads slow down tests that share the CPUs
os.environ["OMP_WAIT_POLICY"] = "passive"
# Triton reads this when it is imported
if not cuda_devices():
    os.environ["TRITON_INTERPRET"] = "1"
