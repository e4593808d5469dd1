"""Talks to the model hub: asks for files, downloads them, and tries again after passing faults."""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import BinaryIO, TypeVar

import httpx2
from huggingface_hub import get_hf_file_metadata, get_session, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from tqdm import tqdm

_ATTEMPTS = 5
_STALL_SECONDS = 10
_LONGEST_PAUSE_SECONDS = 120
_PASSING = {408, 429, 500, 502, 503, 504}
# what a signed address answers after it has expired
_EXPIRED = {400, 401, 403, 404, 410}
# of a connection that stood
_BROKEN = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)
_GOES_ON = "Try again: the download goes on where it stopped."
_RANDOM = random.SystemRandom()
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class HubFile:
    """A file on the hub.

    url: may be signed, and expire. etag, size, commit: None if the server names none.
    """

    url: str
    etag: str | None
    size: int | None
    commit: str | None


class HubClient:
    """Every call raises HfHubHTTPError or httpx2.HTTPError once trying again is useless.

    timeout: seconds to wait for an answer. say: tells the user about pauses.
    """

    def __init__(self, timeout: float, say: Callable[[str], None]) -> None:
        self._timeout = timeout
        self._say = say
        self._token = os.environ.get("HF_TOKEN") or None
        self._answered = False

    def find(self, repository: str, name: str, revision: str | None) -> HubFile:
        """Ask for a file's address, hash and size."""
        url = hf_hub_url(repository, name, revision=revision)

        def ask() -> HubFile:
            found = get_hf_file_metadata(url, token=self._token or False, timeout=self._timeout)
            return HubFile(found.location, found.etag, found.size, found.commit_hash)

        return self._retry(ask)

    def download(self, url: str, find: Callable[[], HubFile], size: int, name: str, file: BinaryIO) -> None:
        """Append the missing bytes. find: asks for the file again, with a fresh address."""

        def append() -> None:
            nonlocal url
            try:
                self._append(url, size, name, file)
            except httpx2.HTTPStatusError as error:
                fresh = find().url if error.response.status_code in _EXPIRED else url
                if fresh == url:
                    raise
                url = fresh
                self._append(url, size, name, file)

        self._retry(append)

    def _append(self, url: str, size: int, name: str, file: BinaryIO) -> None:
        """Shows a progress bar on a terminal."""
        first = file.tell()
        if first >= size:
            return
        headers = {"Accept-Encoding": "identity"}
        if first:
            headers["Range"] = f"bytes={first}-"
        # the token is for the hub alone, not for the store that it points to
        if self._token and httpx2.URL(url).netloc == httpx2.URL(hf_hub_url("any/model", name)).netloc:
            headers["Authorization"] = f"Bearer {self._token}"
        with (
            get_session().stream("GET", url, headers=headers, timeout=_STALL_SECONDS) as response,
            tqdm(total=size, initial=first, desc=name, unit="B", unit_scale=True, disable=None) as bar,
        ):
            response.raise_for_status()
            if first and response.status_code != httpx2.codes.PARTIAL_CONTENT:
                file.truncate(0)
            # as they come: blocks of a fixed size would lose what a broken connection had brought of one
            for block in response.iter_raw():
                file.write(block)
                bar.update(len(block))

    def _retry(self, action: Callable[[], _Answer]) -> _Answer:
        """Try again after passing faults. A machine without a network learns so at once."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = action()
            except (HfHubHTTPError, httpx2.HTTPStatusError) as error:
                self._answered = True
                pause = _retry_after(error.response) or 2.0 ** (attempt - 1)
                status = error.response.status_code
                if status not in _PASSING or attempt == _ATTEMPTS or pause > _LONGEST_PAUSE_SECONDS:
                    raise
                reason = f"answered {status}"
                host = error.response.url.host
            except httpx2.TransportError as error:
                if not self._answered or attempt == _ATTEMPTS:
                    raise
                reason, host, pause = "broke off", error.request.url.host, float(attempt)
            else:
                self._answered = True
                return answer
            # many machines may have been refused at the same moment
            pause *= _RANDOM.uniform(1, 1.25)
            self._say(f"{host} {reason}: trying again in {pause:.0f} s")
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")


def explain(error: Exception) -> str:
    """One sentence about a failed call: the host, its answer, and what to do."""
    if isinstance(error, (HfHubHTTPError, httpx2.HTTPStatusError)):
        host, status = error.response.url.host, error.response.status_code
        return f"{host} answered {status}. {_advice(status, error.response)}"
    if isinstance(error, httpx2.HTTPError):
        host = error.request.url.host
        if isinstance(error, _BROKEN):
            return f"the connection to {host} broke off. {_GOES_ON}"
        reason = str(error).strip() or type(error).__name__
        return f"{host} cannot be reached ({reason}). Check the connection, or set HF_ENDPOINT to a mirror."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk is full. Free some space. {_GOES_ON}"
    return f"the file cannot be written ({error})."


def _advice(status: int, response: httpx2.Response) -> str:
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        wait = _retry_after(response)
        again = f"in {wait:.0f} s" if wait else "later"
        return f"Try again {again}, set HF_TOKEN, or set HF_ENDPOINT to a mirror."
    if status in {401, 403}:
        return "Set HF_TOKEN to a token that may read this model."
    if status in {404, 410}:
        return "It does not have this file. Check HF_ENDPOINT."
    return "Try again later, or set HF_ENDPOINT to a mirror."


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds that the server asks to wait; it sends a number or a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (at.astimezone(timezone.utc) - datetime.now(timezone.utc)).total_seconds()
    return max(0.0, seconds) or None
