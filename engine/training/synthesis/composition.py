"""Composes random songs for training and evaluation."""

import numpy as np

from training.synthesis.song import BEATS_IN_BAR, SCALES, STEMS, Section, Song

PROGRESSIONS = (
    (0, 4, 5, 3),
    (5, 3, 0, 4),
    (0, 5, 3, 4),
    (0, 3, 4, 3),
    (0, 6, 5, 6),
    (1, 4, 0, 0),
    (0, 2, 3, 4),
    (3, 4, 2, 5),
)


def compose(seed: int, seconds: float) -> Song:
    """A song of at least `seconds`, in sections of two or four bars.

    The first section has every stem. In later sections any stem may be silent.
    """
    random = np.random.default_rng([seed, 0x50_4E])
    tempo = float(random.uniform(72.0, 152.0))
    bars_wanted = int(np.ceil(seconds * tempo / 60.0 / BEATS_IN_BAR))
    sections: list[Section] = []
    while sum(section.bars for section in sections) < bars_wanted:
        stems = frozenset(STEMS)
        if sections:
            stems = frozenset(stem for stem in STEMS if random.random() < 0.8)
        degrees = PROGRESSIONS[random.integers(len(PROGRESSIONS))]
        sections.append(
            Section(
                label=f"part {len(sections)}",
                bars=int(random.choice([2, 4])),
                degrees=degrees,
                stems=stems,
                energy=float(random.uniform(0.2, 1.0)),
            )
        )
    return Song(
        seed=seed,
        tempo=tempo,
        tonic=int(random.integers(12)),
        scale=str(random.choice(list(SCALES))),
        swing=float(random.choice([0.0, 0.0, random.uniform(0.05, 0.3)])),
        sections=tuple(sections),
    )
