"""The engine as the worker runs it: a child process that writes messages to file descriptor 3."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

# untyped: the tests check the fields they use
Fields = dict[str, Any]
TIMEOUT_SECONDS = 90.0
_COMMAND = [sys.executable, "-m", "separation_engine", "serve"]
_MOVE_TO_3 = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"


class EngineProcess:
    """Start, send commands, wait for messages, stop. logs: lines of stderr so far."""

    def __init__(self, environment: Mapping[str, str], command: list[str] | None = None) -> None:
        reading, writing = os.pipe()
        self._child = subprocess.Popen(
            [sys.executable, "-c", _MOVE_TO_3, str(writing), *(command or _COMMAND)],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        self.logs: list[str] = []
        self.messages: list[Fields] = []
        self._fresh: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._messages = os.fdopen(reading, "rb")
        self._readers = [
            threading.Thread(target=self._read_messages),
            threading.Thread(target=self._read_logs, args=(self._child.stderr,)),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    def send(self, message: Mapping[str, object] | bytes) -> None:
        if self._child.stdin is None:
            raise AssertionError("the child has no stdin")
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        self._child.stdin.write(line + b"\n")
        self._child.stdin.flush()

    def wait_for(self, wanted: Callable[[Fields], bool]) -> Fields:
        """The next matching message. `messages` keeps all of them."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            line = self._fresh.get(timeout=max(0.01, deadline - time.monotonic()))
            if line is None:
                raise AssertionError(f"the engine ended: {self.logs[-5:]}")
            message = json.loads(line)
            self.messages.append(message)
            if wanted(message):
                return dict(message)

    def wait_for_type(self, kind: str, job: str | None = None) -> Fields:
        return self.wait_for(lambda message: message["type"] == kind and message.get("id") == job)

    def wait_for_end(self) -> int:
        return self._child.wait(TIMEOUT_SECONDS)

    def close_stdin(self) -> None:
        if self._child.stdin:
            self._child.stdin.close()

    def close(self) -> None:
        """Kill the process group if it still runs, and wait for it."""
        self.close_stdin()
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait(TIMEOUT_SECONDS)
        for reader in self._readers:
            reader.join(TIMEOUT_SECONDS)
        self._messages.close()
        if self._child.stderr:
            self._child.stderr.close()

    def _read_messages(self) -> None:
        for line in self._messages:
            self._fresh.put(line)
        self._fresh.put(None)

    def _read_logs(self, stream: IO[bytes]) -> None:
        for line in stream:
            self.logs.append(line.decode().rstrip())


def separate_message(song: Path, folder: Path, job: str, **options: object) -> Fields:
    return {
        "type": "separate",
        "id": job,
        "requestId": f"request-{job}",
        "input": str(song),
        "outputDir": str(folder),
        "model": "short",
        "stems": ["drums", "bass", "other", "vocals"],
        "overlap": 0.25,
        "shifts": 0,
        **options,
    }
