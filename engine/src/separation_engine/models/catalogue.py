"""The published models, read from catalogue.json, the only place that knows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.networks.architecture import NetworkSettings

DEMO_MODEL = "demo"
# their weights, of which relative costs are multiples
_REFERENCE = "htdemucs"


@dataclass(frozen=True)
class Licence:
    """Of weights. klass: permissive, copyleft, non-commercial, none-stated or own.

    text: in words. source: where it was read, on the day read_on.
    """

    klass: str
    text: str
    source: str
    read_on: str


@dataclass(frozen=True)
class PublishedNetwork:
    """A file of weights on the hub.

    repository, revision: None if not on the hub, or not known. bytes, sha256: None if not known.
    """

    signature: str
    repository: str | None
    revision: str | None
    file: str
    bytes: int | None
    sha256: str | None


@dataclass(frozen=True)
class KnownModel:
    """A model of the catalogue.

    klass: its architecture, a row of the table.
    relative_cost: time per second of song, where htdemucs is 1: measured, or the arithmetic that it takes.
    """

    name: str
    stems: tuple[str, ...]
    relative_cost: float
    klass: str
    networks: tuple[PublishedNetwork, ...]
    licence: Licence

    @property
    def repository(self) -> str | None:
        """On the hub; None for the demo model, which ships with the package."""
        return self.networks[0].repository

    @property
    def network(self) -> NetworkSettings:
        """What is known of its networks before they are fetched: sizes are those of the architecture."""
        return NetworkSettings(ARCHITECTURES[self.klass], ([*self.stems],), {})


@dataclass(frozen=True)
class PinnedFile:
    """A published file whose bytes are known, wherever it comes from."""

    bytes: int
    sha256: str


def _read_catalogue() -> dict[str, KnownModel]:
    rows: list[dict[str, Any]] = json.loads((files(__package__) / "catalogue.json").read_text("utf-8"))[
        "models"
    ]
    reference: float = next(row["gflopPerSecond"] for row in rows if row["name"] == _REFERENCE)
    return {row["name"]: _known_model(row, reference) for row in rows}


def _known_model(row: dict[str, Any], reference: float) -> KnownModel:
    licence = row["licence"]
    return KnownModel(
        name=row["name"],
        stems=tuple(row["stems"]),
        relative_cost=row.get("relativeCost") or row["gflopPerSecond"] / reference,
        klass=row["architecture"],
        networks=tuple(_network(network) for network in row["networks"]),
        licence=Licence(licence["class"], licence["text"], licence["source"], licence["readOn"]),
    )


def _network(row: dict[str, Any]) -> PublishedNetwork:
    names = ("signature", "repository", "revision", "file", "bytes", "sha256")
    return PublishedNetwork(**{name: row[name] for name in names})


KNOWN_MODELS = _read_catalogue()

# file names are unique over all known models
PINNED_FILES = {
    "htdemucs.yaml": PinnedFile(21, "239c445d0b14454d541ad8bd9bb271c9e536d267e8a4625208744cbb2e7bb66c"),
    "htdemucs_6s.yaml": PinnedFile(21, "207405151270af8fd81c2373c25d27950916682ac91dca7884a11ce13dad6f58"),
    **{
        network.file: PinnedFile(network.bytes, network.sha256)
        for model in KNOWN_MODELS.values()
        for network in model.networks
        if network.bytes and network.sha256
    },
}
