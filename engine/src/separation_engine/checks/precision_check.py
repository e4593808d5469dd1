"""Whether less than float32 is enough for a network on this machine: measured once, asked at every load.

The song is synthesised here: the demo song, which a synthesiser made too, is an MP3 and no part of the
package, so neither it nor a decoder has to be where a model is set up. What is measured lies in the cache
and not beside the weights, because it holds for one kind of processor only.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from separation_engine import __version__
from separation_engine.backends.base import Backend, Precision, Samples
from separation_engine.backends.select import BackendSelector
from separation_engine.checks.child_process import run_engine_child
from separation_engine.checks.references import find_reference
from separation_engine.checks.self_check import check_network, known_mix, likeness_db, separate_segment
from separation_engine.errors import SelfCheckFailedError
from separation_engine.models.folder import ModelFolder
from separation_engine.models.library import ModelLibrary
from separation_engine.models.weights import NetworkWeights
from separation_engine.settings import Settings

_LOG = logging.getLogger(__name__)
_NAMES: dict[Precision, str] = {"bf16": "bfloat16", "tf32": "TF32"}
_LEAST_DB = 40.0
_SEGMENTS = 3
# the song fades in over 40 dB
_FIRST_LOUDNESS = 0.01


@dataclass(frozen=True)
class PrecisionMeasure:
    """What another precision than float32 changed in one network.

    made_by: weights, backend, its libraries and the processor; the measure says nothing about others.
    likeness_db: energy of the float32 stems over that of the difference, in the worst segment.
    fp32_seconds, seconds: of the quickest segment, in float32 and in this precision.
    """

    made_by: list[str]
    likeness_db: float
    fp32_seconds: float
    seconds: float


def require_precision(folder: ModelFolder, index: int, backend: Backend, settings: Settings) -> None:
    """Raises SelfCheckFailedError where the precision is too far from float32, or cannot be compared."""
    label = f"{folder.name}/{folder.signatures[index]}"
    name = _NAMES[backend.precision]
    measure = _find_measure(folder, index, backend, settings)
    if not measure.likeness_db >= _LEAST_DB:
        raise SelfCheckFailedError(
            f"{name} comes only to {measure.likeness_db:.1f} dB of float32 with {label} on this processor, "
            f"and {_LEAST_DB:.0f} dB are asked for: set PRECISION=fp32"
        )
    _LOG.info("%s comes to %.1f dB of float32 with %s", name, measure.likeness_db, label)
    if measure.seconds >= measure.fp32_seconds:
        _LOG.warning(
            "%s is slower than float32 on this processor, %.2f s a segment of %s instead of %.2f s: "
            "PRECISION=fp32 is better in every way",
            name,
            measure.seconds,
            label,
            measure.fp32_seconds,
        )


def store_measure(name: str, index: int, output: Path, settings: Settings) -> None:
    """What the child process does: separate the song in both precisions and store what differs."""
    folder = ModelLibrary(settings.models_dir).find(name)
    weights = folder.read_weights(index)
    reference = find_reference(folder, index, settings)
    exact, exact_seconds, _ = _separate(weights, "fp32", settings, reference)
    found, found_seconds, backend = _separate(weights, settings.precision, settings, None)
    measure = PrecisionMeasure(
        made_by=_identity(weights.sha256, backend),
        likeness_db=min(likeness_db(*pair) for pair in zip(exact, found, strict=True)),
        fp32_seconds=exact_seconds,
        seconds=found_seconds,
    )
    _write(output, measure)


def _separate(
    weights: NetworkWeights, precision: Precision, settings: Settings, reference: Samples | None
) -> tuple[list[Samples], float, Backend]:
    """Stems of each segment of the song, seconds of the quickest, and what made them.

    reference: what the network has to make of the known segment before it is believed.
    """
    backend = BackendSelector.of(settings, precision).open(weights)
    network = backend.load(weights)
    try:
        if reference is not None:
            mix = known_mix(network.segment_samples, network.sample_rate)
            check_network(network, mix, reference, precision, weights.signature)
        song = _song(network.segment_samples, network.sample_rate)
        stems, seconds = [], []
        for mix in np.split(song, _SEGMENTS, axis=1):
            began = time.perf_counter()
            # a GPU with one segment waits for the host, in any precision
            copies = network.max_batch
            stems.append(separate_segment(network, mix, copies=copies))
            seconds.append((time.perf_counter() - began) / copies)
        return stems, min(seconds), backend
    finally:
        network.close()


def _song(segment_samples: int, sample_rate: int) -> Samples:
    """(channels=2, _SEGMENTS * segment_samples), scaled as whole songs are."""
    samples = _SEGMENTS * segment_samples
    mix = known_mix(samples, sample_rate) * np.geomspace(_FIRST_LOUDNESS, 1, samples, dtype=np.float32)
    mono = mix.mean(axis=0)
    scaled: Samples = (mix - mono.mean()) / mono.std()
    return scaled


def _find_measure(folder: ModelFolder, index: int, backend: Backend, settings: Settings) -> PrecisionMeasure:
    """What is kept of exactly this; measured where there is nothing."""
    signature = folder.signatures[index]
    wanted = _identity(folder.hashes[f"{signature}.safetensors"], backend)
    kept = settings.cache_dir / f"{signature}.{backend.precision}.json"
    if (measure := _read(kept)) is not None and measure.made_by == wanted:
        return measure
    _LOG.info("comparing %s with float32 for %s/%s", _NAMES[backend.precision], folder.name, signature)
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / kept.name
        run_engine_child(["measure-precision", folder.name, str(index), str(output)], settings)
        measure = _read(output)
    if measure is None or measure.made_by != wanted:
        raise SelfCheckFailedError(f"{_NAMES[backend.precision]} could not be compared for {folder.name}")
    _write(kept, measure)
    return measure


def _identity(weights_sha256: str, backend: Backend) -> list[str]:
    libraries = [f"{name} {version}" for name, version in sorted(backend.versions().items())]
    return [weights_sha256, f"engine {__version__}", backend.name, *libraries, backend.device_name]


def _read(path: Path) -> PrecisionMeasure | None:
    try:
        measure = PrecisionMeasure(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    numbers = (measure.likeness_db, measure.fp32_seconds, measure.seconds)
    return measure if all(isinstance(number, float) for number in numbers) else None


def _write(path: Path, measure: PrecisionMeasure) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(measure)), "utf-8")
    partial.replace(path)
