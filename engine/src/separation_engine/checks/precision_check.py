"""Measures once whether less than float32 is enough for a network on this machine.

The test song is synthesized here, so no audio file or decoder is needed. Measurements are stored in the cache
and not with the weights, because they hold for one kind of processor only.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from separation_engine import __version__
from separation_engine.backends.select import BackendSelector
from separation_engine.checks.child_process import child_output
from separation_engine.checks.references import find_reference
from separation_engine.checks.self_check import check_network, known_mix, separate_segment, snr_db
from separation_engine.common.device import Precision
from separation_engine.common.errors import SelfCheckFailedError
from separation_engine.common.settings import Settings
from separation_engine.common.wav import Samples
from separation_engine.models.folder import ModelFolder
from separation_engine.models.library import ModelLibrary
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights
from separation_engine.networks.interface import Backend

_LOG = logging.getLogger(__name__)
_NAMES: dict[Precision, str] = {"tf32": "TF32", "fp16": "float16", "bf16": "bfloat16"}
_MIN_SNR_DB = 40.0
_SEGMENTS = 3
# the song fades in over 40 dB
_FIRST_AMPLITUDE = 0.01


@dataclass(frozen=True)
class PrecisionMeasure:
    """How a lower precision compares with float32 for one network.

    made_by: weights, backend, libraries and processor; the measurement holds for no others.
    snr_db: energy of the float32 stems over energy of the difference, in the worst segment.
    fp32_seconds, seconds: fastest segment in float32 and in this precision.
    """

    made_by: list[str]
    snr_db: float
    fp32_seconds: float
    seconds: float


def require_precision(folder: ModelFolder, index: int, backend: Backend, settings: Settings) -> None:
    """Raises SelfCheckFailedError if the precision is too far from float32, or cannot be compared."""
    label = f"{folder.name}/{folder.signatures[index]}"
    name = _NAMES[backend.precision]
    measure = _find_measure(folder, index, backend, settings)
    if not measure.snr_db >= _MIN_SNR_DB:
        raise SelfCheckFailedError(
            f"{name} reaches {measure.snr_db:.1f} dB against float32 with {label} on this processor, "
            f"below {_MIN_SNR_DB:.0f} dB: set PRECISION=fp32"
        )
    _LOG.info("%s reaches %.1f dB against float32 with %s", name, measure.snr_db, label)
    if measure.seconds >= measure.fp32_seconds:
        _LOG.warning(
            "%s is slower than float32 on this processor, at %.2f s per segment of %s instead of %.2f s: "
            "set PRECISION=fp32",
            name,
            measure.seconds,
            label,
            measure.fp32_seconds,
        )


def store_measure(name: str, index: int, output: Path, settings: Settings) -> None:
    """Runs in the child process: separate the song in both precisions and store the difference."""
    folder = ModelLibrary(settings.models_dir).find(name)
    weights = folder.read_weights(index)
    reference = find_reference(folder, index, settings)
    exact, exact_seconds, _ = _separate(weights, "fp32", settings.for_references(), reference)
    found, found_seconds, backend = _separate(weights, settings.precision, settings, None)
    measure = PrecisionMeasure(
        made_by=_identity(weights.sha256, weights, backend),
        snr_db=min(snr_db(*pair) for pair in zip(exact, found, strict=True)),
        fp32_seconds=exact_seconds,
        seconds=found_seconds,
    )
    _write(output, measure)


def _separate(
    weights: NetworkWeights, precision: Precision, settings: Settings, reference: Samples | None
) -> tuple[list[Samples], float, Backend]:
    """Stems of each segment, seconds of the fastest, and the backend.

    reference: fingerprint that the network must match first; None to skip that check.
    """
    backend = BackendSelector(settings, precision).open(weights)
    network = weights.load(backend)
    try:
        if reference is not None:
            mix = known_mix(network.segment_samples, network.sample_rate)
            check_network(network, mix, reference, precision, weights.signature)
        song = _song(network.segment_samples, network.sample_rate)
        stems, seconds = [], []
        for mix in np.split(song, _SEGMENTS, axis=1):
            began = time.perf_counter()
            # with a single segment a GPU waits for the host, whatever the precision
            copies = network.max_batch
            stems.append(separate_segment(network, mix, copies=copies))
            seconds.append((time.perf_counter() - began) / copies)
        return stems, min(seconds), backend
    finally:
        network.close()


def _song(segment_samples: int, sample_rate: int) -> Samples:
    """(channels=2, _SEGMENTS * segment_samples), normalized like whole songs."""
    samples = _SEGMENTS * segment_samples
    mix = known_mix(samples, sample_rate) * np.geomspace(_FIRST_AMPLITUDE, 1, samples, dtype=np.float32)
    mono = mix.mean(axis=0)
    normalized: Samples = (mix - mono.mean()) / mono.std()
    return normalized


def _find_measure(folder: ModelFolder, index: int, backend: Backend, settings: Settings) -> PrecisionMeasure:
    """The stored measurement, or a new one if there is none for exactly this setup."""
    signature = folder.signatures[index]
    sha256 = folder.hashes[f"{signature}.safetensors"]
    wanted = _identity(sha256, folder.settings[index], backend)
    stored = settings.cache_dir / f"{signature}.{backend.precision}.json"
    if (measure := _read(stored)) is not None and measure.made_by == wanted:
        return measure
    _LOG.info("comparing %s with float32 for %s/%s", _NAMES[backend.precision], folder.name, signature)
    with child_output("measure-precision", folder.name, index, settings) as output:
        measure = _read(output)
    if measure is None or measure.made_by != wanted:
        name = _NAMES[backend.precision]
        raise SelfCheckFailedError(f"{name} could not be compared with float32 for {folder.name}")
    _write(stored, measure)
    return measure


def _identity(weights_sha256: str, network: NetworkSettings, backend: Backend) -> list[str]:
    libraries = [f"{name} {version}" for name, version in sorted(network.versions(backend).items())]
    return [weights_sha256, f"engine {__version__}", backend.name, *libraries, backend.device_name]


def _read(path: Path) -> PrecisionMeasure | None:
    try:
        measure = PrecisionMeasure(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    numbers = (measure.snr_db, measure.fp32_seconds, measure.seconds)
    return measure if all(isinstance(number, float) for number in numbers) else None


def _write(path: Path, measure: PrecisionMeasure) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(measure)), "utf-8")
    partial.replace(path)
