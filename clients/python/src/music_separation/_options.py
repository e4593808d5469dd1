"""What a separation may be asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Options:
    """Options of a separation; None is the default of the server.

    `overlap` is 0 to 0.9, `shifts` 0 to 10. `track` counts the audio tracks of a file from 1.
    """

    model: str | None = None
    stems: Sequence[str] | None = None
    formats: Sequence[str] | None = None
    overlap: float | None = None
    shifts: int | None = None
    track: int | None = None
    priority: Literal["normal", "low"] | None = None

    def fields(self) -> dict[str, str]:
        """Return the form fields of an upload."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: value if isinstance(value, str) else _text(value) for name, value in given.items()}


def _text(value: float | Sequence[str]) -> str:
    return str(value) if isinstance(value, int | float) else ",".join(value)


DEFAULTS = Options()
