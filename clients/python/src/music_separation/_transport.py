"""Sends requests to the server, with the access key."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable

from ._errors import ApiError, api_error

# a connection that says nothing for this long is broken; event streams have a heartbeat every 15 s
SILENCE_SECONDS = 40.0

Body = bytes | Iterable[bytes]

_REDIRECTS = (301, 302, 303, 307, 308)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows none: it would send the access key to another server."""

    def redirect_request(self, *_: object) -> None:
        return None


class Transport:
    """A server, and the key for it. `open` raises ApiError, and ConnectionError if there is no answer."""

    def __init__(self, server: str, key: str | None) -> None:
        if urllib.parse.urlsplit(server).scheme not in ("http", "https"):
            raise ValueError(f"Not the address of a server: {server}")
        self._server = server.rstrip("/")
        self._headers = _headers_of(key)
        self._opener = urllib.request.build_opener(_NoRedirects)

    def open(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Body | None = None,
        headers: dict[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """Answer with an open response; the caller closes it."""
        request = urllib.request.Request(self._server + path, data=body, method=method)  # noqa: S310
        for name, value in {**self._headers, **(headers or {})}.items():
            request.add_header(name, value)
        try:
            response: http.client.HTTPResponse = self._opener.open(request, timeout=SILENCE_SECONDS)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in _REDIRECTS:
                    raise ApiError(
                        "redirected",
                        error.code,
                        f"{self._server} redirects to another address. Use that address.",
                    ) from None
                raise api_error(error.code, error.read(), error.headers["retry-after"]) from None
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(f"No server answers at {self._server}: {error}") from error
        return response

    def json(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Body | None = None,
        headers: dict[str, str] | None = None,
    ) -> object:
        """Answer with a parsed document; None if the answer is empty."""
        with self.open(path, method=method, body=body, headers=headers) as response:
            text = response.read()
        return json.loads(text) if text else None


def _headers_of(key: str | None) -> dict[str, str]:
    """Raise ValueError, without the key in it, if no header can hold the key."""
    stripped = (key or "").strip()
    if not (stripped.isascii() and stripped.isprintable()):
        raise ValueError("The access key has characters that no key has, such as the end of a line.")
    return {"x-api-key": stripped} if stripped else {}
