"""The request for a separation, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

INSTRUMENTAL = "instrumental"


@dataclass(frozen=True)
class SeparationRequest:
    """One separation. Paths are scratch files of the service.

    stems: names of the model's sources; `instrumental` is the mix without the vocals.
    overlap: 0 to 0.9. shifts: 0 to 10.
    """

    id: str
    request_id: str
    input: Path
    output_dir: Path
    model: str
    stems: tuple[str, ...]
    overlap: float
    shifts: int


@dataclass(frozen=True)
class StemFile:
    """A stem on disk: float32 WAV without gain. peak: largest absolute sample before the gain."""

    name: str
    path: Path
    peak: float


@dataclass(frozen=True)
class NetworkUse:
    """A network that made stems of a song.

    sha256: of its weights. seconds: wall time until its segments were done; all networks together take the
    time of the separation, without loading.
    """

    model: str
    signature: str
    sha256: str
    seconds: float


@dataclass(frozen=True)
class SeparationResult:
    """A finished separation.

    networks: all that ran, in the order of the recipe's nodes.
    gain_db: 0 or a negative whole number. All stems share it, so none clips and their balance stays.
    residual_db: energy of (mix - sum of stems) over energy of the mix; None if it is undefined.
    """

    samples: int
    sample_rate: int
    stems: tuple[StemFile, ...]
    gain_db: int
    residual_db: float | None
    networks: tuple[NetworkUse, ...]


@dataclass(frozen=True)
class Progress:
    """Measured work in network samples, and how many samples of every stem file are final.

    gain_db: the gain for what is written so far. It only falls; the last one is the result's.
    """

    done_samples: int
    total_samples: int
    written_samples: int
    gain_db: int
