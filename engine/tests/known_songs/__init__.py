"""Varied songs whose tempo, beats, key and tuning are known, for the tests of the analysis."""

from tests.known_songs.composition import compose_known
from tests.known_songs.rendering import render_known
from tests.known_songs.song import FEELS, KnownSong

__all__ = ["FEELS", "KnownSong", "compose_known", "render_known"]
