"""The songs that the model trains on: rendered once, then cut and remixed without end."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.synthesis import STEMS, compose, render_stems

SONG_SECONDS = 20.0
# a segment of one song as it is teaches what belongs together, a remix teaches variety
REMIX_SHARE = 0.5


def _render(seed: int) -> NDArray[np.float16]:
    return render_stems(compose(seed, SONG_SECONDS)).astype(np.float16)


@dataclass(frozen=True)
class Pool:
    """Rendered songs, each float16 (stems, channels, samples)."""

    seed: int
    songs: tuple[NDArray[np.float16], ...]

    @classmethod
    def render(cls, seed: int, first_song_seed: int, count: int, processes: int) -> "Pool":
        """Render `count` songs with consecutive seeds, on several processes."""
        # a forked copy of torch's thread pool can hang, so children start afresh
        context = get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context) as executor:
            seeds = range(first_song_seed, first_song_seed + count)
            return cls(seed, tuple(executor.map(_render, seeds)))

    def example(self, step: int, samples: int) -> tuple[Tensor, Tensor]:
        """The segment of a training step; it depends on the seed, the step and the length alone.

        Returns:
            mix float32 (1, channels=2, samples) and stems (1, stems=4, channels=2, samples),
            both divided by the deviation of the mix, as at separation time.
        """
        random = np.random.default_rng([self.seed, step])
        stems = torch.from_numpy(self._segment(random, samples))[None]
        mix = stems.sum(dim=1)
        deviation = mix.mean(dim=1).std(dim=-1).clamp_min(1e-3)
        return mix / deviation[:, None, None], stems / deviation[:, None, None, None]

    def _segment(self, random: np.random.Generator, samples: int) -> NDArray[np.float32]:
        is_remix = random.random() < REMIX_SHARE
        song, start = self._cut(random, samples)
        segment = np.empty((len(STEMS), 2, samples), dtype=np.float32)
        for index in range(len(STEMS)):
            if is_remix:
                song, start = self._cut(random, samples)
            cut = song[index, :, start : start + samples].astype(np.float32)
            if random.random() < 0.5:
                cut = cut[::-1]
            gain = 10.0 ** (random.uniform(-4.0, 4.0) / 20.0) * random.choice([-1.0, 1.0])
            segment[index] = cut * np.float32(gain)
        return segment

    def _cut(self, random: np.random.Generator, samples: int) -> tuple[NDArray[np.float16], int]:
        song = self.songs[random.integers(len(self.songs))]
        return song, int(random.integers(song.shape[-1] - samples + 1))
