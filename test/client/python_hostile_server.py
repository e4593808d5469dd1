"""A server that wants the key of another one, and files outside the folder: the Python client refuses."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from music_separation import ApiError, Client

folder = Path(sys.argv[1])
keys: list[tuple[str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    """Redirects all calls to another origin, but for those of stems."""

    def do_GET(self) -> None:  # noqa: N802
        """Answer a call."""
        host = self.headers["host"]
        keys.append((host, self.headers["x-api-key"]))
        if "/stems/" in self.path:
            self.send_response(200)
            self.send_header("etag", '"1"')
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"sound")
            return
        self.send_response(302)
        self.send_header("location", f"http://localhost:{self.server.server_port}{self.path}")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
client = Client(address, " secret\n")
try:
    client.models()
    found = None
except ApiError as error:
    found = error
assert found is not None, keys
assert found.code == "redirected", found.code
assert str(found) == f"{address} redirects to another address. Use that address."
assert keys == [(address.removeprefix("http://"), "secret")], keys

for stem, file_format in (("../../evil", "flac"), ("/tmp/evil", "flac"), ("..", "flac"), ("a\n", "flac"), ("a", "../b")):
    try:
        client.download("sep_0", stem, folder / f"{stem}.{file_format}", file_format)
        message = ""
    except ValueError as error:
        message = str(error)
    assert message.endswith("is no name of a stem or format."), (stem, message)

precious = folder / "precious"
precious.write_text("kept")
(folder / "vocals.flac.part").symlink_to(precious)
assert client.download("sep_0", "vocals", folder / "vocals.flac") == len(b"sound")
assert precious.read_text() == "kept"

for key in ("sec\nret", "sec\u200bret"):
    try:
        Client(address, key)
        message = ""
    except ValueError as error:
        message = str(error)
    assert message.startswith("The access key has characters"), message
    assert "ret" not in message, message
server.shutdown()
