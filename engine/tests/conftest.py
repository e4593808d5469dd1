"""What holds for every test of the engine."""

from __future__ import annotations

import os

# threads that wait by spinning slow each other down where tests share the processors
os.environ["OMP_WAIT_POLICY"] = "passive"
