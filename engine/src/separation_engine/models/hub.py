"""Fetches published models from the public hub, verified against its own hashes and put in place whole."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.file_download import http_get

from separation_engine.errors import EngineError, UnknownModelError, WeightsMismatchError
from separation_engine.models.catalogue import KNOWN_MODELS
from separation_engine.models.folder import hash_file, read_bag_signatures, write_record

_PARTIAL_FOLDER = ".partial"
_SHA256_DIGITS = 64


class HubError(EngineError):
    """The hub cannot be reached, or does not have what it should; trying again may help."""

    code = "model_not_installed"
    retryable = True


@dataclass(frozen=True)
class _Source:
    repository: str
    revision: str | None
    timeout: float


def fetch_model(name: str, models_dir: Path, timeout: float, say: Callable[[str], None]) -> Path:
    """Fetch a known model into models_dir/<name>; what an earlier try has fetched is kept and gone on with.

    timeout: seconds to wait for the hub's answer. Raises UnknownModelError, HubError, WeightsMismatchError.
    """
    known = KNOWN_MODELS.get(name)
    if known is None or known.repository is None:
        names = ", ".join(model.name for model in KNOWN_MODELS.values() if model.repository)
        raise UnknownModelError(f"the hub's models are {names}, not {name}")
    partial = models_dir / _PARTIAL_FOLDER / name
    partial.mkdir(parents=True, exist_ok=True)
    try:
        source = _Source(known.repository, None, timeout)
        bag, revision = _fetch(source, f"{name}.yaml", partial)
        # the rest comes from the commit that the first file was of
        source = _Source(known.repository, revision, timeout)
        hashes = {bag.name: hash_file(bag)}
        for signature in read_bag_signatures(bag):
            say(f"fetching {name}/{signature}")
            weights, _ = _fetch(source, f"{signature}.safetensors", partial)
            hashes[weights.name] = hash_file(weights)
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise HubError(f"{name} could not be fetched from the hub: {_first_line(error)}") from error
    write_record(partial, hashes)
    return _put_in_place(partial, models_dir / name)


def _fetch(source: _Source, name: str, folder: Path) -> tuple[Path, str | None]:
    """The verified file, and the commit that it is of."""
    url = hf_hub_url(source.repository, name, revision=source.revision)
    said = get_hf_file_metadata(url, token=False, timeout=source.timeout)
    if said.etag is None or said.size is None:
        raise HubError(f"the hub does not say what {name} has to be")
    path = folder / name
    if not path.is_file() or _hash_like(said.etag, path) != said.etag:
        _download(said.location, said.size, said.etag, path)
    return path, said.commit_hash


def _download(url: str, size: int, etag: str, path: Path) -> None:
    """Goes on after what an earlier try left, if that was of the same file."""
    unfinished = path.with_name(f"{path.name}.{etag[:16]}.unfinished")
    # unbuffered: what has come is there for the next try, however this one ends
    with unfinished.open("ab", buffering=0) as file:
        http_get(
            url,
            file,
            resume_size=file.tell(),
            expected_size=size,
            displayed_filename=path.name,
        )
    if _hash_like(etag, unfinished) != etag:
        unfinished.unlink()
        raise WeightsMismatchError(f"{path.name} is not what the hub says it is; it was removed")
    unfinished.replace(path)


def _hash_like(etag: str, path: Path) -> str:
    """The file's hash of the kind that the hub gives for it: sha256 for weights, git's for small files."""
    return hash_file(path) if len(etag) == _SHA256_DIGITS else _git_hash(path)


def _git_hash(path: Path) -> str:
    """What git, and so the hub, calls a small file by."""
    content = path.read_bytes()
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


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
