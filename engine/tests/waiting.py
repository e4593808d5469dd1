from __future__ import annotations

import time
from collections.abc import Callable

from tests.engine_process import TIMEOUT_SECONDS


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.01)
