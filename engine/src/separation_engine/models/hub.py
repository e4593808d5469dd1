"""Fetches published models from the public hub and verifies them against its hashes."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2
from huggingface_hub.errors import HfHubHTTPError

from separation_engine.common.errors import EngineError, UnknownModelError, WeightsMismatchError
from separation_engine.models.catalogue import KNOWN_MODELS, PINNED_FILES, PinnedFile
from separation_engine.models.folder import hash_file, read_bag_signatures, write_record
from separation_engine.models.hub_client import HubClient, HubFile, explain
from separation_engine.models.lock import PARTIAL_FOLDER

_SHA256_DIGITS = 64
# sha256, or git's sha1
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


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
    unfinished = models_dir / PARTIAL_FOLDER / name
    client = HubClient(timeout, say)
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        bag, revision = _fetch(client, known.repository, None, f"{name}.yaml", unfinished)
        hashes = {bag.name: hash_file(bag)}
        for signature in read_bag_signatures(bag):
            say(f"fetching {name}/{signature}")
            # from the same commit as the bag
            weights, _ = _fetch(client, known.repository, revision, f"{signature}.safetensors", unfinished)
            hashes[weights.name] = hash_file(weights)
        write_record(unfinished, hashes)
        return _put_in_place(unfinished, models_dir / name)
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise HubError(f"{name} could not be fetched from the hub: {explain(error)}") from error


def _fetch(
    client: HubClient, repository: str, revision: str | None, name: str, folder: Path
) -> tuple[Path, str | None]:
    """The verified file, and its commit."""
    found = client.find(repository, name, revision)
    pinned = PINNED_FILES.get(name)
    expected = _expected_hash(name, found, pinned)
    size = pinned.bytes if pinned and expected == pinned.sha256 else found.size
    if size is None:
        raise HubError(f"the hub reports no size for {name}")
    path = folder / name
    if not path.is_file() or _hash_like(expected, path) != expected:
        find = partial(client.find, repository, name, revision)
        _download(client, found.url, find, size, expected, path)
    return path, found.commit


def _expected_hash(name: str, found: HubFile, pinned: PinnedFile | None) -> str:
    """The hub's hash. A plain web server has none, so the file must be one that the catalogue knows."""
    if found.etag and _HASH.fullmatch(found.etag):
        if pinned and len(found.etag) == _SHA256_DIGITS and found.etag != pinned.sha256:
            raise WeightsMismatchError(f"the hub's {name} is not the file that this version knows")
        return found.etag
    if pinned is None:
        raise HubError(f"the server reports no hash for {name}, and the catalogue knows none")
    return pinned.sha256


def _download(
    client: HubClient, url: str, find: Callable[[], HubFile], size: int, expected: str, path: Path
) -> None:
    """Resume what an earlier try left of the same file. hf_hub_download would start over."""
    unfinished = path.with_name(f"{path.name}.{expected[:16]}.unfinished")
    # unbuffered: the next try finds every received byte, however this one ends
    with unfinished.open("ab", buffering=0) as file:
        client.download(url, find, size, path.name, file)
    if _hash_like(expected, unfinished) != expected:
        unfinished.unlink()
        raise WeightsMismatchError(f"{path.name} does not match the hub's hash, so it was deleted")
    unfinished.replace(path)


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
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        partial.rename(target)
        shutil.rmtree(old)
    else:
        partial.rename(target)
    return target
