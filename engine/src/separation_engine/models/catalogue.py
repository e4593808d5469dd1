"""The published models, and where the public hub has them."""

from __future__ import annotations

from dataclasses import dataclass

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.networks.architecture import NetworkSettings

DEMO_MODEL = "demo"
_FOUR_STEMS = ("drums", "bass", "other", "vocals")


_HTDEMUCS = "demucs.htdemucs.HTDemucs"
_HDEMUCS = "demucs.hdemucs.HDemucs"
_NONE_STATED = "none stated"
_DEMUCS_SOURCE = (
    "The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for "
    "scientific purposes only (https://github.com/facebookresearch/demucs/issues/327), and took an MIT tag "
    "off the model cards on 31 August 2026."
)


@dataclass(frozen=True)
class KnownModel:
    """A published model.

    repository: on the hub; None for the demo model, which ships with the package.
    klass: its architecture, a row of the table.
    licence, licence_source: of the weights, and where it was read.
    relative_cost: time per second of song, where htdemucs is 1. Measured on two cores without a GPU, except
        for hdemucs_mmi.
    """

    name: str
    repository: str | None
    stems: tuple[str, ...]
    relative_cost: float
    klass: str = _HTDEMUCS
    licence: str = _NONE_STATED
    licence_source: str = _DEMUCS_SOURCE

    @property
    def network(self) -> NetworkSettings:
        """What is known of its networks before they are fetched: sizes are those of the architecture."""
        return NetworkSettings(ARCHITECTURES[self.klass], ([*self.stems],), {})


@dataclass(frozen=True)
class PinnedFile:
    """A published file whose bytes are known, wherever it comes from."""

    bytes: int
    sha256: str


KNOWN_MODELS = {
    model.name: model
    for model in (
        KnownModel("htdemucs", "adefossez/HTDemucs", _FOUR_STEMS, 1.0),
        KnownModel("htdemucs_ft", "adefossez/HTDemucs-ft", _FOUR_STEMS, 4.0),
        KnownModel("htdemucs_6s", "adefossez/HTDemucs-6s", (*_FOUR_STEMS, "guitar", "piano"), 1.0),
        KnownModel("hdemucs_mmi", "adefossez/Demucs-hdemucs_mmi", _FOUR_STEMS, 1.0, _HDEMUCS),
        KnownModel(
            DEMO_MODEL,
            None,
            _FOUR_STEMS,
            0.1,
            licence="MIT",
            licence_source="Trained by this project, on music that it synthesized.",
        ),
    )
}

# file names are unique over all known models
PINNED_FILES = {
    "htdemucs.yaml": PinnedFile(21, "239c445d0b14454d541ad8bd9bb271c9e536d267e8a4625208744cbb2e7bb66c"),
    "955717e8.safetensors": PinnedFile(
        84_025_440, "d9fa14133cfcc034a6758923bb3a8ca9f8dfd0b582134643bbf83f72c17576dd"
    ),
    "htdemucs_6s.yaml": PinnedFile(21, "207405151270af8fd81c2373c25d27950916682ac91dca7884a11ce13dad6f58"),
    "5c90dfd2.safetensors": PinnedFile(
        54_885_744, "d2a1745f0744721f6b8ca5bf469b67c651ea5ed1b52998cab033b2158609d411"
    ),
    "f7e0c4bc.safetensors": PinnedFile(
        84_025_440, "2c85ab3c62dd6edd8e0b965e38b16fd1cdde357cc25de6b6bc9ce7c83f60925f"
    ),
    "d12395a8.safetensors": PinnedFile(
        84_025_440, "5b01a97567ae9a3178a6236fb520251045c03eb8834bc8c24a4eec11d6c8fb56"
    ),
    "92cfc3b6.safetensors": PinnedFile(
        84_025_440, "a241863551f30d01c42bd7b97da40839922ead3acb0f1fcab25682f55b4eeb59"
    ),
    "04573f0d.safetensors": PinnedFile(
        84_025_440, "68854b0d7c2b3274723b5761f6fd9f5aec5f1bcd3f0de7c1669546fdb7871b7c"
    ),
}
