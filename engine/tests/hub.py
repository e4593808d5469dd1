"""A small model hub on localhost that serves `resolve` URLs like the public one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """files: path in the repository -> content. The faults are by file name.

    cut: bytes after which the connection breaks. lies: the wrong hash to report.
    """

    repository: str
    files: dict[str, bytes]
    address: str = ""
    cut: dict[str, int] = field(default_factory=dict)
    lies: dict[str, str] = field(default_factory=dict)
    ranges: list[str] = field(default_factory=list)

    def etag(self, name: str) -> str:
        content = self.files[name]
        if name.endswith(".yaml"):
            return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        return self.lies.get(name, hashlib.sha256(content).hexdigest())


@contextmanager
def serve_hub(repository: str, folder: Path) -> Iterator[Hub]:
    """Serve the model files of `folder` as `repository`."""
    paths = [path for path in folder.iterdir() if path.suffix in {".yaml", ".safetensors"}]
    hub = Hub(repository, {path.name: path.read_bytes() for path in paths})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def log_request(self, *_: object) -> None:
            """Log nothing."""

        def _answer(self) -> None:
            name = self.path.rsplit("/", 1)[-1]
            known = {f"/{repository}/resolve/{revision}/{name}" for revision in ("main", COMMIT)}
            if self.path not in known or name not in hub.files:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content, first = hub.files[name], 0
            if wanted := self.headers.get("Range"):
                first = int(wanted.removeprefix("bytes=").split("-")[0])
                hub.ranges.append(f"{name} from {first}")
            self.send_response(206 if wanted else 200)
            if wanted:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - first))
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hub.etag(name)}"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content[first : hub.cut.get(name)])
                if name in hub.cut:
                    self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
