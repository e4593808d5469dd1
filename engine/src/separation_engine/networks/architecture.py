"""What the engine knows about a network before a runtime builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.device import DeviceName
from separation_engine.common.errors import WeightsMismatchError
from separation_engine.networks.cutting import Cutting
from separation_engine.networks.interface import Backend, Network

Tensors: TypeAlias = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Builder:
    """How one runtime builds one architecture.

    load: builds the network on an open backend of that runtime; imports the heavy libraries.
    versions: of our own code that decides the result, by device.
    refusal: why the runtime cannot build these settings; None if it can.
    """

    load: Callable[[Any, NetworkWeights], Network]
    versions: Mapping[DeviceName, Mapping[str, str]] = field(default_factory=dict)
    refusal: Callable[[NetworkSettings], str | None] = lambda _: None


@dataclass(frozen=True)
class Architecture:
    """One row of the table.

    klass: the name that weights carry in their metadata; together the rows are the allow-list.
    default_segment: seconds, for weights that name no segment.
    segment_may_grow: whether a model's YAML file may set a longer segment than its weights do.
    cutting: how songs are cut for it.
    check: raises WeightsMismatchError if tensors do not fit the settings, before anything is built.
    builders: runtime -> how it builds this architecture.
    """

    klass: str
    default_segment: Fraction
    segment_may_grow: bool
    cutting: Cutting
    builders: Mapping[str, Builder]
    check: Callable[[NetworkSettings, Tensors], None] = lambda *_: None


@dataclass(frozen=True)
class NetworkSettings:
    """How a network is built: `klass(*args, **kwargs)`. Fractions in the JSON are decoded to Fraction."""

    architecture: Architecture
    args: tuple[object, ...]
    kwargs: Mapping[str, object]

    @property
    def sources(self) -> tuple[str, ...]:
        """Stems that the network makes, in the order of its output."""
        sources = self.args[0] if self.args else self.kwargs.get("sources")
        if not isinstance(sources, list) or not all(isinstance(name, str) for name in sources):
            raise WeightsMismatchError("the weights name no sources")
        return tuple(sources)

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        rate = self.kwargs.get("samplerate", 44100)
        if not isinstance(rate, int):
            raise WeightsMismatchError(f"the sample rate is not an integer: {rate!r}")
        return rate

    @property
    def segment(self) -> Fraction:
        """Seconds of one segment."""
        segment = self.kwargs.get("segment", self.architecture.default_segment)
        if not isinstance(segment, (int, float, Fraction)) or segment <= 0:
            raise WeightsMismatchError(f"the segment is not a positive number: {segment!r}")
        return Fraction(segment)

    @property
    def segment_samples(self) -> int:
        """Samples of one segment, rounded down as in Demucs."""
        return int(self.segment * self.sample_rate)

    def with_segment(self, segment: Fraction) -> NetworkSettings:
        """The same network with its bag's segment, where the architecture allows it."""
        if segment > self.segment and not self.architecture.segment_may_grow:
            return self
        return replace(self, kwargs={**self.kwargs, "segment": segment})

    def refusal(self, runtime: str, /) -> str | None:
        """Why this runtime cannot build the network; None if it can."""
        builders = self.architecture.builders
        if runtime not in builders:
            return f"{self.architecture.klass.rpartition('.')[2]} runs on {', '.join(builders)} only"
        return builders[runtime].refusal(self)

    def versions(self, backend: Backend) -> dict[str, str]:
        """Versions of everything that decides the result on this backend."""
        own = self.architecture.builders[backend.name].versions.get(backend.device, {})
        return {**backend.versions(), **own}


@dataclass(frozen=True)
class NetworkWeights(NetworkSettings):
    """The weights of one network. Weights on disk are read when the first tensor is used.

    signature: the file's name, the first eight digits of the original's hash.
    tensors: parameter name -> array; always float32, whatever the file holds.
    sha256: of the whole file, as recorded.
    """

    signature: str
    tensors: Tensors
    sha256: str

    def load(self, backend: Backend) -> Network:
        """Build the network. Raises WeightsMismatchError if settings or tensors do not fit."""
        if reason := self.refusal(backend.name):
            raise WeightsMismatchError(reason)
        return self.architecture.builders[backend.name].load(backend, self)
