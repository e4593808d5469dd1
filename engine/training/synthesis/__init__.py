"""A small music synthesizer. It renders the four stems of a song, deterministically from a seed."""

from training.synthesis.composition import compose
from training.synthesis.rendering import mix_of, render_stems
from training.synthesis.signals import SAMPLE_RATE, Audio
from training.synthesis.song import STEMS, Section, Song

__all__ = ["SAMPLE_RATE", "STEMS", "Audio", "Section", "Song", "compose", "mix_of", "render_stems"]
