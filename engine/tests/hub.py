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

    cut: bytes after which the connection breaks. lies: the wrong hash to report. refusals: the next answers,
    each a status and headers. gates: a download waits for its event. commit: of its newest revision.
    reported: the wrong commit to report. token: needed for every call. plain: report no hashes, like a web
    server. store: send downloads to signed addresses of another host, each of which works for one request.
    tokens: what each host was sent.
    """

    repository: str
    files: dict[str, bytes]
    address: str = ""
    cut: dict[str, int] = field(default_factory=dict)
    lies: dict[str, str] = field(default_factory=dict)
    ranges: list[str] = field(default_factory=list)
    refusals: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    downloads: list[str] = field(default_factory=list)
    commit: str = COMMIT
    reported: str | None = None
    token: str | None = None
    plain: bool = False
    store: bool = False
    signed: set[str] = field(default_factory=set)
    tokens: dict[str, set[str | None]] = field(default_factory=dict)

    def etag(self, name: str) -> str:
        return self.lies.get(name, hashlib.sha256(self.files[name]).hexdigest())

    def published(
        self, model: str = "htdemucs", *, pinned: bool = False, revision: str | None = None, more: str = ""
    ) -> str:
        """Python that makes the engine's catalogue describe the weights of this hub.

        pinned: by their sha256. more: further fields to replace, as Python.
        """
        networks = [
            (
                name.removesuffix(".safetensors")[:8],
                self.repository,
                revision,
                name,
                len(content) if pinned else None,
                hashlib.sha256(content).hexdigest() if pinned else None,
            )
            for name, content in sorted(self.files.items())
            if name.endswith(".safetensors") and not name.endswith(".reference.safetensors")
        ]
        return (
            "import dataclasses\n"
            "from separation_engine.models.catalogue import KNOWN_MODELS, PublishedNetwork\n"
            f"networks = tuple(PublishedNetwork(*row) for row in {networks!r})\n"
            f"KNOWN_MODELS[{model!r}] = dataclasses.replace("
            f"KNOWN_MODELS[{model!r}], networks=networks, {more})"
        )


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_request(self, *_: object) -> None:
        """Log nothing."""

    def _answer(self) -> None:
        path, _, signature = self.path.partition("?signature=")
        name = path.rsplit("/", 1)[-1]
        token = self.headers.get("Authorization")
        in_store = (self.headers["Host"] or "").startswith("localhost")
        known = {
            f"/{self.hub.repository}/resolve/{revision}/{name}" for revision in ("main", self.hub.commit)
        }
        if path in known:
            self.hub.tokens.setdefault("store" if in_store else "hub", set()).add(token)
        if self.hub.refusals.get(f"{self.command} {name}"):
            self._refuse(*self.hub.refusals[f"{self.command} {name}"].pop(0))
        elif not in_store and self.hub.token and token != f"Bearer {self.hub.token}":
            self._refuse(401, {})
        elif path not in known or name not in self.hub.files:
            self._refuse(404, {"X-Error-Code": "EntryNotFound"})
        elif in_store and signature not in self.hub.signed:
            self._refuse(403, {})
        elif self.hub.store and not in_store and name.endswith(".safetensors"):
            self._redirect(path, name)
        else:
            self.hub.signed.discard(signature)
            self._send(name)

    def _refuse(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for header, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(header, value)
        self.end_headers()

    def _redirect(self, path: str, name: str) -> None:
        signature = str(len(self.hub.signed) + len(self.hub.downloads))
        self.hub.signed.add(signature)
        headers = {
            "Location": f"{self.hub.address.replace('127.0.0.1', 'localhost')}{path}?signature={signature}",
            "X-Repo-Commit": self.hub.commit,
            "X-Linked-Etag": f'"{self.hub.etag(name)}"',
            "X-Linked-Size": str(len(self.hub.files[name])),
        }
        self._refuse(302, headers)

    def _send(self, name: str) -> None:
        if self.command == "GET":
            self.hub.downloads.append(name)
            if name in self.hub.gates:
                self.hub.gates[name].wait(60)
        content, first = self.hub.files[name], 0
        if wanted := self.headers.get("Range"):
            first = int(wanted.removeprefix("bytes=").split("-")[0])
            self.hub.ranges.append(f"{name} from {first}")
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        if self.hub.plain:
            self.send_header("ETag", '"65f1a2b3-1400000"')
        else:
            self.send_header("X-Repo-Commit", self.hub.reported or self.hub.commit)
            self.send_header("ETag", f'"{self.hub.etag(name)}"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[first : self.hub.cut.get(name)])
            if name in self.hub.cut:
                self.close_connection = True


@contextmanager
def serve_hub(repository: str, folder: Path) -> Iterator[Hub]:
    """Serve the model files of `folder` as `repository`."""
    paths = [path for path in folder.iterdir() if path.suffix in {".yaml", ".safetensors"}]
    hub = Hub(repository, {path.name: path.read_bytes() for path in paths})

    class Handler(_Handler):
        pass

    Handler.hub = hub
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
