"""Fetches published models from the public hub and verifies them against its hashes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2
from huggingface_hub.errors import HfHubHTTPError

from separation_engine.common.errors import EngineError, UnknownModelError, WeightsMismatchError
from separation_engine.models.acceptance import Acceptance
from separation_engine.models.catalogue import KNOWN_MODELS, KnownModel, PublishedNetwork
from separation_engine.models.folder import hash_file, hash_files, read_folder, write_record
from separation_engine.models.hub_client import HubClient, HubFile, explain
from separation_engine.models.lock import PARTIAL_FOLDER
from separation_engine.models.origin import Origin, write_origin

_SHA256 = re.compile(r"[0-9a-f]{64}")
# the status of a revision, or of a file in it, that the hub does not have
_GONE = {404, 410}


class HubError(EngineError):
    """The hub cannot be reached or lacks a file. Trying again may help."""

    code = "model_not_installed"


def fetch_model(
    name: str,
    models_dir: Path,
    timeout: float,
    say: Callable[[str], None],
    acceptance: Acceptance | None = None,
) -> Path:
    """Fetch a known model into models_dir/<name>, and resume what an earlier try left.

    timeout: seconds to wait for the hub's answer. acceptance: of its license, if that needs one.
    Raises UnknownModelError, HubError, WeightsMismatchError.
    """
    known = KNOWN_MODELS.get(name)
    if known is None or not known.is_published:
        names = ", ".join(model.name for model in KNOWN_MODELS.values() if model.is_published)
        raise UnknownModelError(f"the hub's models are {names}, not {name}")
    unfinished = models_dir / PARTIAL_FOLDER / name
    client = HubClient(timeout, say)
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        revisions: set[str | None] = set()
        for network in known.networks:
            revisions.add(_fetch(client, name, network, unfinished, say))
        (unfinished / f"{name}.yaml").write_text(known.description, "utf-8")
        hashes = hash_files(unfinished, name)
        write_record(unfinished, hashes)
        details = {
            "repositories": sorted({str(network.repository) for network in known.networks}),
            "revisions": sorted(filter(None, revisions)),
        }
        write_origin(unfinished, name, Origin("hub", known.licence, acceptance, details), hashes)
        _check_settings(known, unfinished)
        return _put_in_place(unfinished, models_dir / name)
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise HubError(f"{name} could not be fetched from the hub: {explain(error)}") from error


def _fetch(
    client: HubClient, name: str, network: PublishedNetwork, folder: Path, say: Callable[[str], None]
) -> str | None:
    """Fetch and verify one file of weights. Returns its commit."""
    found, revision = _find(client, network, say)
    say(f"fetching {name}/{network.signature}")
    path = folder / network.stored_name
    expected = _expected_hash(network, found)
    size = network.bytes if network.sha256 else found.size
    if size is None:
        raise HubError(f"the hub reports no size for {network.file}")
    if not path.is_file() or hash_file(path) != expected:
        find = partial(client.find, str(network.repository), network.file, revision)
        _download(client, found.url, find, size, expected, path)
    return found.commit


def _find(
    client: HubClient, network: PublishedNetwork, say: Callable[[str], None]
) -> tuple[HubFile, str | None]:
    """The file at its known revision. One whose hash is known may also come from the newest."""
    repository = str(network.repository)
    try:
        found = client.find(repository, network.file, network.revision)
    except HfHubHTTPError as error:
        if error.response.status_code not in _GONE or not network.revision or not network.sha256:
            raise
        say(f"{error.response.url.host} does not have revision {network.revision[:8]}: trying its newest one")
        return client.find(repository, network.file, None), None
    if network.revision and found.commit and found.commit != network.revision:
        raise WeightsMismatchError(
            f"the hub answers with revision {found.commit[:8]} of {repository} instead of"
            f" {network.revision[:8]}"
        )
    return found, network.revision


def _expected_hash(network: PublishedNetwork, found: HubFile) -> str:
    """The catalogue's hash, or the hub's. A plain web server has none."""
    reported = found.etag if found.etag and _SHA256.fullmatch(found.etag) else None
    if network.sha256:
        if reported and reported != network.sha256:
            raise WeightsMismatchError(f"the hub's {network.file} is not the file that this version knows")
        return network.sha256
    if reported is None:
        raise HubError(f"the server reports no hash for {network.file}, and the catalogue knows none")
    return reported


def _check_settings(known: KnownModel, folder: Path) -> None:
    """Raises WeightsMismatchError if weights do not fit the settings that the catalogue has for them."""
    if known.settings is None:
        return
    model = read_folder(folder, known.name)
    for index, settings in enumerate(model.settings):
        settings.architecture.check(settings, model.open_weights(index).tensors)


def _download(
    client: HubClient, url: str, find: Callable[[], HubFile], size: int, expected: str, path: Path
) -> None:
    """Resume what an earlier try left of the same file. hf_hub_download would start over."""
    unfinished = path.with_name(f"{path.name}.{expected[:16]}.unfinished")
    # unbuffered: the next try finds every received byte, however this one ends
    with unfinished.open("ab", buffering=0) as file:
        client.download(url, find, size, path.name, file)
    if hash_file(unfinished) != expected:
        unfinished.unlink()
        raise WeightsMismatchError(f"{path.name} does not match the expected hash, so it was deleted")
    unfinished.replace(path)


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
