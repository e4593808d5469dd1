"""The published models, and where the public hub has them."""

from __future__ import annotations

from dataclasses import dataclass

DEMO_MODEL = "demo"
_FOUR_STEMS = ("drums", "bass", "other", "vocals")


@dataclass(frozen=True)
class KnownModel:
    """A published model.

    repository: on the hub; None for the demo model, which ships with the package.
    relative_cost: time per second of song, where htdemucs is 1. Measured on two cores without a GPU, except
        for hdemucs_mmi.
    """

    name: str
    repository: str | None
    licence: str
    stems: tuple[str, ...]
    relative_cost: float


KNOWN_MODELS = {
    model.name: model
    for model in (
        KnownModel("htdemucs", "adefossez/HTDemucs", "MIT", _FOUR_STEMS, 1.0),
        KnownModel("htdemucs_ft", "adefossez/HTDemucs-ft", "MIT", _FOUR_STEMS, 4.0),
        KnownModel("htdemucs_6s", "adefossez/HTDemucs-6s", "MIT", (*_FOUR_STEMS, "guitar", "piano"), 1.0),
        KnownModel("hdemucs_mmi", "adefossez/Demucs-hdemucs_mmi", "MIT", _FOUR_STEMS, 1.0),
        KnownModel(DEMO_MODEL, None, "MIT", _FOUR_STEMS, 0.1),
    )
}
