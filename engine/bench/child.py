"""A process that measures something each time it is asked, so that several can take turns."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence


class Child:
    """Started with `command`. For each line on its stdin, it prints its measurements as one line of JSON."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)

    def step(self) -> dict[str, float]:
        """The measurements of one more step."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the child has no pipes")
        stdin.write("\n")
        stdin.flush()
        found: dict[str, float] = json.loads(stdout.readline())
        return found

    def close(self) -> None:
        self._process.communicate(timeout=60)
