"""The training songs: rendered once, then cut and remixed for each step."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.synthesis import STEMS, compose, render_stems

SONG_SECONDS = 20.0
# unmixed segments teach which parts belong together, remixes add variety
REMIX_SHARE = 0.5


def _render(seed: int, folder: Path) -> NDArray[np.float16]:
    file = folder / f"song-{seed}.npy"
    if not file.exists():
        partial = file.with_suffix(".partial")
        with partial.open("wb") as target:
            np.save(target, render_stems(compose(seed, SONG_SECONDS)).astype(np.float16))
        partial.replace(file)
    song: NDArray[np.float16] = np.load(file, mmap_mode="r")
    return song


@dataclass(frozen=True)
class Pool:
    """Rendered songs, each float16 (stems, channels, samples)."""

    seed: int
    songs: tuple[NDArray[np.float16], ...]

    @classmethod
    def render(cls, seed: int, song_seeds: range, folder: Path) -> "Pool":
        """Render the songs of `song_seeds`. `folder` keeps them for a resumed run."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(seed, tuple(_render(song_seed, folder) for song_seed in song_seeds))

    def example(self, step: int, samples: int) -> tuple[Tensor, Tensor]:
        """The segment for a training step. It depends only on the seed, the step and the length.

        Returns:
            mix float32 (1, channels=2, samples) and stems (1, stems=4, channels=2, samples).
        """
        random = np.random.default_rng([self.seed, step])
        stems = torch.from_numpy(self._segment(random, samples))[None]
        return stems.sum(dim=1), stems

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
