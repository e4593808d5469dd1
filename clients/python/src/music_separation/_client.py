"""The calls of the API."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

from ._documents import Model, Page, Separation, Status
from ._errors import ApiError
from ._options import DEFAULTS, Options
from ._transport import Transport

_CHUNK_BYTES = 1 << 16
_RETRY_SECONDS = 1.0
# long enough for a restart of the service
_MAX_RETRY_SECONDS = 60.0
_ENDED = ("completed", "failed", "cancelled")

OnProgress = Callable[[int, int], None]


class Client:
    """A server. Calls raise ApiError for an error response, and ConnectionError if there is none."""

    def __init__(self, server: str = "http://127.0.0.1:3000", key: str | None = None) -> None:
        """Raise ValueError if `server` is not an address, or `key` not a key."""
        self._transport = Transport(server, key)

    def upload(
        self,
        song: str | os.PathLike[str],
        options: Options = DEFAULTS,
        on_progress: OnProgress | None = None,
    ) -> Separation:
        """Upload a song, piece by piece. `on_progress` gets the bytes that were sent, of how many."""
        fields = options.fields()
        path = Path(song)
        size = path.stat().st_size
        boundary = f"song-{uuid.uuid4()}"
        head, tail = _around(boundary, fields, path.name)

        def body() -> Iterator[bytes]:
            yield head
            sent = 0
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
                    sent += len(chunk)
                    if on_progress is not None:
                        on_progress(sent, size)
            yield tail

        headers = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(len(head) + size + len(tail)),
        }
        answer = self._transport.json("/v1/separations", method="POST", body=body(), headers=headers)
        return cast("Separation", answer)

    def separate(self, song: str | os.PathLike[str], options: Options = DEFAULTS) -> Separation:
        """Upload a song and wait until its separation has ended: completed, failed or cancelled."""
        separation = self.upload(song, options)
        for state in self.events(separation["id"]):
            separation = state
        return separation

    def status(self, separation_id: str) -> Separation:
        """Return a separation."""
        return cast("Separation", self._transport.json(_path(separation_id)))

    def events(self, separation_id: str) -> Iterator[Separation]:
        """Yield each state of a separation, at once and after each change, until it has ended.

        Reconnects for a minute.
        """
        seen = time.monotonic()
        while True:
            try:
                for state in self._stream(separation_id):
                    seen = time.monotonic()
                    yield state
                    if state["status"] in _ENDED:
                        return
                pause = _RETRY_SECONDS
            except (ApiError, ConnectionError) as error:
                pause = _retry_pause(error, seen)
            time.sleep(pause)

    def list(
        self, *, status: Status | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Page:
        """Return a page of separations, newest first. `limit` is 1 to 100."""
        given = {"status": status, "limit": limit, "cursor": cursor}
        query = urllib.parse.urlencode({name: value for name, value in given.items() if value is not None})
        return cast("Page", self._transport.json(f"/v1/separations?{query}"))

    def cancel(self, separation_id: str) -> Separation:
        """Cancel a separation that has not ended."""
        return cast("Separation", self._transport.json(_path(separation_id, "/cancel"), method="POST"))

    def delete(self, separation_id: str) -> None:
        """Delete a separation that has ended, with all its files."""
        self._transport.json(_path(separation_id), method="DELETE")

    def models(self) -> Sequence[Model]:
        """Return the models that the server knows."""
        return cast("dict[str, Sequence[Model]]", self._transport.json("/v1/models"))["models"]

    def download(
        self, separation_id: str, stem: str, file: str | os.PathLike[str], file_format: str = "flac"
    ) -> int:
        """Download a stem, and go on where it was when the connection breaks. Return its size in bytes.

        The file has its name once it is complete, and replaces another of that name. Raise ValueError if the
        stem or format is no plain name: it comes from the server, and `file` is often named after it.
        """
        path = _path(separation_id, f"/stems/{_plain(stem)}.{_plain(file_format)}")
        target = Path(file)
        partial = target.with_name(f"{target.name}.{uuid.uuid4()}.part")
        try:
            with partial.open("xb") as written:
                for chunk in self._chunks(path):
                    written.write(chunk)
            size = partial.stat().st_size
            partial.replace(target)
            return size
        finally:
            partial.unlink(missing_ok=True)

    def _chunks(self, path: str) -> Iterator[bytes]:
        received, etag, length = 0, "", 0
        last = time.monotonic()
        while True:
            headers = {"range": f"bytes={received}-", "if-range": etag} if received > 0 else {}
            try:
                with self._transport.open(path, headers=headers) as response:
                    if received > 0 and not (response.headers["content-range"] or "").startswith(
                        f"bytes {received}-"
                    ):
                        raise RuntimeError(f"{path} has changed during the download. Start it again.")
                    etag = response.headers["etag"]
                    length = received + int(response.headers["content-length"])
                    while chunk := _read(response):
                        received += len(chunk)
                        last = time.monotonic()
                        yield chunk
                if received == length:
                    return
                pause = _RETRY_SECONDS
            except (ApiError, ConnectionError) as error:
                if received == 0:
                    raise
                pause = _retry_pause(error, last)
            time.sleep(pause)

    def _stream(self, separation_id: str) -> Iterator[Separation]:
        with self._transport.open(
            _path(separation_id, "/events"), headers={"accept": "text/event-stream"}
        ) as response:
            event = ""
            while line := _read_line(response):
                if line.startswith("event: "):
                    event = line.removeprefix("event: ").strip()
                elif line.startswith("data: ") and event == "state":
                    yield cast("Separation", json.loads(line.removeprefix("data: ")))


def _path(separation_id: str, rest: str = "") -> str:
    return f"/v1/separations/{urllib.parse.quote(separation_id, safe='')}{rest}"


def _retry_pause(error: ApiError | ConnectionError, last_success: float) -> float:
    """Return how many seconds to wait before the next try; raise the error if there is none."""
    wanted = error.retry_after_seconds if isinstance(error, ApiError) else None
    pause = max(_RETRY_SECONDS, wanted or 0.0)
    lasts = isinstance(error, ApiError) and not error.is_retryable
    if lasts or time.monotonic() + pause - last_success > _MAX_RETRY_SECONDS:
        raise error
    return pause


def _plain(name: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
        return name
    raise ValueError(f"{name!r} is no name of a stem or format.")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"The download broke: {error}") from error


def _read_line(response: http.client.HTTPResponse) -> str:
    """Return a line with its end; nothing after the last one."""
    try:
        return response.readline().decode()
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"The event stream broke: {error}") from error


def _around(boundary: str, fields: dict[str, str], name: str) -> tuple[bytes, bytes]:
    """Return what stands before and after the song in a multipart form."""
    start = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = [f'{start}"{field}"\r\n\r\n{value}\r\n' for field, value in fields.items()]
    # as browsers do
    safe = name.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
    song = f'{start}"file"; filename="{safe}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    return f"{''.join(parts)}{song}".encode(), f"\r\n--{boundary}--\r\n".encode()
