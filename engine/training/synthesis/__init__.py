"""A small music synthesiser that renders a song as its four stems, deterministic by seed."""

from training.synthesis.composition import compose
from training.synthesis.rendering import mix_of, render_stems
from training.synthesis.signals import SAMPLE_RATE, Audio
from training.synthesis.song import STEMS, Section, Song

__all__ = [
    "SAMPLE_RATE",
    "STEMS",
    "Audio",
    "Section",
    "Song",
    "compose",
    "mix_of",
    "render_stems",
]
