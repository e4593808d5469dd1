"""Settings for every test of the engine."""

from __future__ import annotations

import os

# spinning OpenMP threads slow down tests that share the CPUs
os.environ["OMP_WAIT_POLICY"] = "passive"
