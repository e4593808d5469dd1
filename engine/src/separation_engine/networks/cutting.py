"""How songs are cut into segments for a kind of network, and joined again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.wav import Samples

# of a segment at both ends, as in the code that RoFormers were trained with
_FADE = 10
# keeps the ends of a fade from weighing nothing where no other segment is
_FAINT = 1e-8


@dataclass(frozen=True)
class Cutting:
    """What networks were trained to see.

    window: weights of the samples of a segment: a triangle, or flat with linear fades of a tenth.
    reflected: whether the song goes on in reverse at both ends, for as long as two segments overlap.
        Otherwise there is silence around it, and a short last segment has its neighbors on both sides.
    normalized: whether the whole song is brought to one level first, without DC offset.
    overlap: of neighboring segments by default, as a share of a segment.
    """

    window: Literal["triangle", "fades"]
    reflected: bool
    normalized: bool
    overlap: float

    def border(self, song_samples: int, segment_samples: int, stride: int) -> int:
        """Samples of the song that are reflected at each end; 0 for songs too short for it."""
        border = segment_samples - stride
        return border if self.reflected and song_samples > 2 * border else 0

    def weights(self, samples: int) -> NDArray[np.float32]:
        """Of the samples of one segment, before they are divided by the sum over all segments."""
        return _triangle(samples) if self.window == "triangle" else _fades(samples)


def reflected_positions(first: int, samples: int, song_samples: int, border: int) -> NDArray[np.int64]:
    """Positions in the song of a segment's samples; what is missing at its end is silence.

    A segment that ends after the border goes on in reverse too, if more than half of it is before.
    """
    end = song_samples + border
    known = min(samples, end - first)
    positions = np.arange(first, first + (samples if 2 * known > samples else known))
    positions = np.where(positions < end, positions, 2 * (end - 1) - positions)
    positions = np.abs(positions)
    last = song_samples - 1
    return np.where(positions <= last, positions, 2 * last - positions)


@lru_cache(maxsize=4)
def _triangle(samples: int) -> Samples:
    half = samples // 2
    ramp = np.concatenate([np.arange(1, half + 1), np.arange(samples - half, 0, -1)])
    return frozen(ramp.astype(np.float32) / np.float32(ramp.max()))


@lru_cache(maxsize=4)
def _fades(samples: int) -> Samples:
    fade = np.maximum(np.linspace(0, 1, samples // _FADE, dtype=np.float32), np.float32(_FAINT))
    return frozen(np.concatenate([fade, np.ones(samples - 2 * fade.size, np.float32), fade[::-1]]))


def frozen(values: NDArray[np.float32]) -> Samples:
    """The same array, read-only, because it is shared."""
    values.flags.writeable = False
    return values


# of demucs.apply.apply_model
TRIANGLES = Cutting("triangle", reflected=False, normalized=True, overlap=0.25)
# of the code that RoFormers were trained with; segments overlap as far as they fade
FADES = Cutting("fades", reflected=True, normalized=False, overlap=0.1)
