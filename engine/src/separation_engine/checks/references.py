"""Makes the fingerprints that the self-check compares with, in processes of their own."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from separation_engine.backends.base import Samples
from separation_engine.backends.select import BackendSelector
from separation_engine.checks.child_process import run_engine_child
from separation_engine.checks.self_check import (
    fingerprint,
    known_mix,
    likeness_db,
    read_reference,
    reference_path,
    write_reference,
)
from separation_engine.errors import SelfCheckFailedError
from separation_engine.models.folder import ModelFolder
from separation_engine.models.library import ModelLibrary
from separation_engine.settings import Settings

_LOG = logging.getLogger(__name__)
_LEAST_AGREEMENT_DB = 80.0


def find_reference(folder: ModelFolder, index: int, settings: Settings) -> Samples:
    """The stored fingerprint of one sub-model, beside its weights or in the cache; made where there is none.

    Raises SelfCheckFailedError.
    """
    signature = folder.signatures[index]
    sha256 = folder.hashes[f"{signature}.safetensors"]
    for place in (folder.path, settings.cache_dir):
        if (reference := read_reference(reference_path(place, signature), sha256)) is not None:
            return reference
    _LOG.info("making the reference of %s", signature)
    reference = _make_reference(folder.name, index, settings)
    place = folder.path if os.access(folder.path, os.W_OK) else settings.cache_dir
    write_reference(reference_path(place, signature), sha256, reference)
    return reference


def store_fingerprint(name: str, index: int, output: Path, settings: Settings) -> None:
    """What the child process does: load one sub-model in fp32 and store its fingerprint."""
    folder = ModelLibrary(settings.models_dir).find(name)
    weights = folder.read_weights(index)
    network = BackendSelector.of(settings, "fp32").open(weights).load(weights)
    mix = known_mix(network.segment_samples, network.sample_rate)
    write_reference(output, weights.sha256, fingerprint(network, mix))


def _make_reference(name: str, index: int, settings: Settings) -> Samples:
    """Two fresh processes have to agree: what goes wrong by chance does not go wrong twice alike."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (_run_child(name, index, Path(folder) / str(run), settings) for run in range(2))
    agreement = likeness_db(first, second)
    if agreement < _LEAST_AGREEMENT_DB:
        raise SelfCheckFailedError(f"two runs of {name} agree only to {agreement:.1f} dB")
    return first


def _run_child(name: str, index: int, output: Path, settings: Settings) -> Samples:
    run_engine_child(["fingerprint", name, str(index), str(output)], settings)
    folder = ModelLibrary(settings.models_dir).find(name)
    reference = read_reference(output, folder.hashes[f"{folder.signatures[index]}.safetensors"])
    if reference is None:
        raise SelfCheckFailedError(f"the reference of {name} could not be made")
    return reference
