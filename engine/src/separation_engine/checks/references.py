"""Makes the reference fingerprints for the self-check, in separate processes."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from separation_engine.backends.select import BackendSelector
from separation_engine.checks.child_process import child_output
from separation_engine.checks.self_check import (
    fingerprint,
    known_mix,
    read_reference,
    reference_path,
    snr_db,
    write_reference,
)
from separation_engine.common.errors import SelfCheckFailedError
from separation_engine.common.settings import Settings
from separation_engine.common.wav import Samples
from separation_engine.models.folder import ModelFolder
from separation_engine.models.library import ModelLibrary

_LOG = logging.getLogger(__name__)
_MIN_AGREEMENT_DB = 80.0


def find_reference(folder: ModelFolder, index: int, settings: Settings) -> Samples:
    """The fingerprint of one sub-model, stored next to its weights or in the cache. Made if missing.

    Raises SelfCheckFailedError.
    """
    signature = folder.signatures[index]
    sha256 = folder.hashes[f"{signature}.safetensors"]
    for place in (folder.path, settings.cache_dir):
        if (reference := read_reference(reference_path(place, signature), sha256)) is not None:
            return reference
    _LOG.info("making the reference of %s", signature)
    reference = _make_reference(folder, index, settings)
    place = folder.path if os.access(folder.path, os.W_OK) else settings.cache_dir
    write_reference(reference_path(place, signature), sha256, reference)
    return reference


def store_fingerprint(name: str, index: int, output: Path, settings: Settings) -> None:
    """Runs in the child process: load one sub-model in fp32 and store its fingerprint."""
    folder = ModelLibrary(settings.models_dir).find(name)
    weights = folder.read_weights(index)
    network = weights.load(BackendSelector(settings.for_references()).open(weights))
    mix = known_mix(network.segment_samples, network.sample_rate)
    write_reference(output, weights.sha256, fingerprint(network, mix))


def _make_reference(folder: ModelFolder, index: int, settings: Settings) -> Samples:
    """Two fresh processes must agree: a random fault does not repeat identically."""
    first, second = (_run_child(folder, index, settings) for _ in range(2))
    agreement = snr_db(first, second)
    if agreement < _MIN_AGREEMENT_DB:
        raise SelfCheckFailedError(f"two runs of {folder.name} agree to {agreement:.1f} dB only")
    return first


def _run_child(folder: ModelFolder, index: int, settings: Settings) -> Samples:
    with child_output("fingerprint", folder.name, index, settings) as output:
        reference = read_reference(output, folder.hashes[f"{folder.signatures[index]}.safetensors"])
    if reference is None:
        raise SelfCheckFailedError(f"the reference of {folder.name} could not be made")
    return reference
