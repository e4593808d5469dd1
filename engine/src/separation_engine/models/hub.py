"""Fetches published models from the public hub and verifies them against its hashes."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import httpx2
from huggingface_hub import get_hf_file_metadata, get_session, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from tqdm import tqdm

from separation_engine.common.errors import EngineError, UnknownModelError, WeightsMismatchError
from separation_engine.models.catalogue import KNOWN_MODELS
from separation_engine.models.folder import hash_file, read_bag_signatures, write_record

_PARTIAL_FOLDER = ".partial"
_SHA256_DIGITS = 64
_ATTEMPTS = 5
_STALL_SECONDS = 10
_BLOCK_BYTES = 1 << 20


class HubError(EngineError):
    """The hub cannot be reached or lacks a file. Trying again may help."""

    code = "model_not_installed"


def fetch_model(name: str, models_dir: Path, timeout: float, say: Callable[[str], None]) -> Path:
    """Fetch a known model into models_dir/<name>, and resume what an earlier try left.

    timeout: seconds to wait for the hub's answer. Raises UnknownModelError, HubError, WeightsMismatchError.
    """
    known = KNOWN_MODELS.get(name)
    if known is None or known.repository is None:
        names = ", ".join(model.name for model in KNOWN_MODELS.values() if model.repository)
        raise UnknownModelError(f"the hub's models are {names}, not {name}")
    partial = models_dir / _PARTIAL_FOLDER / name
    partial.mkdir(parents=True, exist_ok=True)
    try:
        bag, revision = _fetch(known.repository, None, f"{name}.yaml", partial, timeout)
        hashes = {bag.name: hash_file(bag)}
        for signature in read_bag_signatures(bag):
            say(f"fetching {name}/{signature}")
            # from the same commit as the bag
            weights, _ = _fetch(known.repository, revision, f"{signature}.safetensors", partial, timeout)
            hashes[weights.name] = hash_file(weights)
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise HubError(f"{name} could not be fetched from the hub: {_first_line(error)}") from error
    write_record(partial, hashes)
    return _put_in_place(partial, models_dir / name)


def _fetch(
    repository: str, revision: str | None, name: str, folder: Path, timeout: float
) -> tuple[Path, str | None]:
    """The verified file, and its commit."""
    url = hf_hub_url(repository, name, revision=revision)
    metadata = get_hf_file_metadata(url, token=False, timeout=timeout)
    if metadata.etag is None or metadata.size is None:
        raise HubError(f"the hub reports no hash or size for {name}")
    path = folder / name
    if not path.is_file() or _hash_like(metadata.etag, path) != metadata.etag:
        _download(metadata.location, metadata.size, metadata.etag, path)
    return path, metadata.commit_hash


def _download(url: str, size: int, etag: str, path: Path) -> None:
    """Resume what an earlier try left of the same file. hf_hub_download would start over."""
    unfinished = path.with_name(f"{path.name}.{etag[:16]}.unfinished")
    # unbuffered: the next try finds every received byte, however this one ends
    with unfinished.open("ab", buffering=0) as file:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                _append(url, size, path.name, file)
                break
            except httpx2.TransportError:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(attempt)
    if _hash_like(etag, unfinished) != etag:
        unfinished.unlink()
        raise WeightsMismatchError(f"{path.name} does not match the hub's hash, so it was deleted")
    unfinished.replace(path)


def _append(url: str, size: int, name: str, file: BinaryIO) -> None:
    """Append the missing bytes of the file at the URL. Shows a progress bar on a terminal."""
    first = file.tell()
    if first >= size:
        return
    resume = {"Range": f"bytes={first}-"} if first else {}
    headers = {"Accept-Encoding": "identity", **resume}
    with (
        get_session().stream("GET", url, headers=headers, timeout=_STALL_SECONDS) as response,
        tqdm(total=size, initial=first, desc=name, unit="B", unit_scale=True, disable=None) as bar,
    ):
        response.raise_for_status()
        if first and response.status_code != httpx2.codes.PARTIAL_CONTENT:
            file.truncate(0)
        for block in response.iter_raw(_BLOCK_BYTES):
            file.write(block)
            bar.update(len(block))


def _hash_like(etag: str, path: Path) -> str:
    """The file's hash of the kind that the hub uses: sha256 for weights, git's for small files."""
    return hash_file(path) if len(etag) == _SHA256_DIGITS else _git_hash(path)


def _git_hash(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _put_in_place(partial: Path, target: Path) -> Path:
    for left in partial.glob("*.unfinished"):
        left.unlink()
    if target.exists():
        old = partial.with_suffix(".old")
        target.rename(old)
        partial.rename(target)
        shutil.rmtree(old)
    else:
        partial.rename(target)
    return target


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
