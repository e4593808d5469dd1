"""The published models, read from catalogue.json, the only place that knows them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import yaml

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.common.settings import LicenceClass
from separation_engine.networks.architecture import NetworkSettings

DEMO_MODEL = "demo"
# its cost is 1
_REFERENCE = "htdemucs"


@dataclass(frozen=True)
class Licence:
    """Of weights.

    text: in words. source: where it was read, on the day read_on; None for models of the operator.
    """

    klass: LicenceClass
    text: str
    source: str | None = None
    read_on: str | None = None


# of models that the catalogue does not know
OPERATORS_OWN = Licence("own", "The operator is responsible for it")


@dataclass(frozen=True)
class PublishedNetwork:
    """A file of weights on the hub.

    repository: None if it ships with the package. revision: a commit; None if unknown.
    bytes, sha256: None if unknown. stems: those taken from it; None for all.
    """

    signature: str
    repository: str | None
    revision: str | None
    file: str
    bytes: int | None
    sha256: str | None
    stems: tuple[str, ...] | None = None

    @property
    def stored_name(self) -> str:
        """Of the file in the model's folder."""
        return f"{self.signature}.safetensors"


@dataclass(frozen=True)
class KnownModel:
    """A model of the catalogue.

    klass: its architecture, a row of the table.
    segment: seconds.
    settings: how its networks are built; None if their files say so themselves.
    relative_cost: time per second of song, where htdemucs is 1: measured, or the arithmetic that it takes.
    """

    name: str
    stems: tuple[str, ...]
    relative_cost: float
    klass: str
    networks: tuple[PublishedNetwork, ...]
    licence: Licence
    segment: float
    settings: Mapping[str, object] | None

    @property
    def is_published(self) -> bool:
        """Whether the hub has it."""
        return self.networks[0].repository is not None

    def cost_of(self, stems: Collection[str]) -> float:
        """Relative cost of these stems alone."""
        needed = [one for one in self.networks if one.stems is None or set(one.stems) & set(stems)]
        return self.relative_cost * len(needed) / len(self.networks)

    @property
    def network(self) -> NetworkSettings:
        """What is known of its networks before they are fetched: sizes are those of the architecture."""
        return NetworkSettings(ARCHITECTURES[self.klass], (), self._arguments)

    @property
    def description(self) -> str:
        """The text of `<name>.yaml` in the model's folder."""
        more: dict[str, object] = {}
        if any(network.stems for network in self.networks):
            more["weights"] = [
                [float(network.stems is None or stem in network.stems) for stem in self.stems]
                for network in self.networks
            ]
        if ARCHITECTURES[self.klass].segment_may_grow:
            more["segment"] = self.segment
        if self.settings is not None:
            more["network"] = {"class": self.klass, "arguments": self._arguments}
        names = ", ".join(f"'{network.signature}'" for network in self.networks)
        return f"models: [{names}]\n" + (yaml.safe_dump(more, sort_keys=False) if more else "")

    @property
    def _arguments(self) -> dict[str, object]:
        if self.settings is None:
            return {"sources": [*self.stems]}
        return {"sources": [*self.stems], "segment": self.segment, **self.settings}


def read_rows(kind: Literal["models", "recipes"]) -> list[dict[str, Any]]:
    """As they stand in the document."""
    rows: list[dict[str, Any]] = json.loads((files(__package__) / "catalogue.json").read_text("utf-8"))[kind]
    return rows


def _read_catalogue() -> dict[str, KnownModel]:
    rows = read_rows("models")
    reference: float = next(row["gflopPerSecond"] for row in rows if row["name"] == _REFERENCE)
    return {row["name"]: _known_model(row, reference) for row in rows}


def _known_model(row: dict[str, Any], reference: float) -> KnownModel:
    licence = row["licence"]
    return KnownModel(
        name=row["name"],
        stems=tuple(row["stems"]),
        relative_cost=row.get("relativeCost") or round(row["gflopPerSecond"] / reference, 1),
        klass=row["architecture"],
        networks=tuple(_network(network) for network in row["networks"]),
        licence=Licence(licence["class"], licence["text"], licence["source"], licence["readOn"]),
        segment=row["segmentSeconds"],
        settings=row.get("settings"),
    )


def _network(row: dict[str, Any]) -> PublishedNetwork:
    names = ("signature", "repository", "revision", "file", "bytes", "sha256")
    stems = tuple(row["stems"]) if "stems" in row else None
    return PublishedNetwork(**{name: row[name] for name in names}, stems=stems)


KNOWN_MODELS = _read_catalogue()


def licence_of(name: str) -> Licence:
    """The license of a model's weights, known or of the operator."""
    known = KNOWN_MODELS.get(name)
    return known.licence if known else OPERATORS_OWN
