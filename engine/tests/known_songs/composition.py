"""Composes songs in a key, at 60 to 190 beats per minute, in three feels."""

from __future__ import annotations

import numpy as np

from tests.known_songs.song import FEELS, KnownSong
from training.synthesis import Section
from training.synthesis.signals import Random
from training.synthesis.song import BEATS_IN_BAR, STEMS

SLOWEST, FASTEST = 60.0, 190.0
FEEL_SHARES = (0.55, 0.25, 0.2)
MAJOR = (0, 2, 4, 5, 7, 9, 11)
# natural and harmonic
MINORS = ((0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 11))
PROGRESSIONS = {
    "major": (
        (0, 4, 5, 3),
        (0, 5, 3, 4),
        (0, 3, 4, 3),
        (1, 4, 0, 0),
        (0, 3, 0, 4),
        (0, 2, 3, 4),
        # the same chords as a minor song has
        (5, 3, 0, 4),
    ),
    "minor": (
        (0, 5, 2, 6),
        (0, 3, 4, 0),
        (0, 6, 5, 6),
        (0, 5, 3, 4),
        (0, 0, 5, 6),
        (0, 3, 0, 4),
        (3, 4, 0, 0),
    ),
}


def compose_known(seed: int, seconds: float = 30.0) -> KnownSong:
    """A song of about `seconds`. It ends on its tonic; any stem may rest in its middle."""
    random = np.random.default_rng([seed, 0x0A_7A])
    tempo = float(random.uniform(SLOWEST, FASTEST))
    feel = str(random.choice(FEELS, p=FEEL_SHARES))
    mode = str(random.choice(["major", "minor"]))
    # a shuffle swings eighths, hip-hop sixteenths
    swung_step = int(random.choice([2, 2, 4]))
    late = random.uniform(0.4, 0.75) / 3 / swung_step * 2 if feel == "swung" else 0.0
    return KnownSong(
        seed=seed,
        tempo=tempo,
        tonic=int(random.integers(12)),
        scale=mode,
        swing=0.0,
        sections=_compose_sections(random, mode, seconds * tempo / 60 / BEATS_IN_BAR),
        tail_seconds=1.0,
        feel=feel,
        steps=MAJOR if mode == "major" else MINORS[random.integers(2)],
        tuning=float(random.choice([0.0, random.uniform(-40, 40)])),
        lead_in=float(random.uniform(0.0, 1.5)),
        # up to 1.5 % faster and slower
        drift=float(random.choice([0.0, 0.0, 0.0, random.uniform(0.05, 0.15)])),
        late=late,
        swung_step=swung_step,
        looseness=float(random.uniform(0.0, 0.012)),
    )


def _compose_sections(random: Random, mode: str, bars: float) -> tuple[Section, ...]:
    choices = PROGRESSIONS[mode]
    progressions = [choices[random.integers(len(choices))] for _ in range(2)]
    sections: list[Section] = []
    while sum(section.bars for section in sections) < bars - 2:
        part = len(sections) % 2
        resting = str(random.choice(STEMS)) if sections and random.random() < 0.3 else ""
        stems = frozenset(STEMS) - {resting}
        energy = float(random.uniform(0.3, 1.0))
        sections.append(Section(f"part {part}", 4, progressions[part], stems, energy))
    if random.random() < 0.3:
        # an introduction without drums
        sections.insert(0, Section("introduction", 2, progressions[0], frozenset({"other", "bass"}), 0.4))
    sections.append(Section("ending", 2, (0,), frozenset(STEMS), 0.6))
    return tuple(sections)
