"""Sounds of a recipe: the song, a stem of a node, or what is made of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from separation_engine.common.errors import InvalidRecipeError
from separation_engine.common.wav import Samples

NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_STEM = rf"{NAME}\.{NAME}"
_STEMS = rf"{_STEM}(?:\s*,\s*{_STEM})*"
_MADE = re.compile(rf"(?P<one>{_STEM})|mean\(\s*(?P<mean>{_STEMS})\s*\)")
_REST = re.compile(rf"song(?:\s*-\s*(?:(?P<one>{_STEM})|sum\(\s*(?P<sum>{_STEMS})\s*\)))?")


@dataclass(frozen=True, order=True)
class NodeStem:
    """A stem that a node makes."""

    node: str
    stem: str


@dataclass(frozen=True)
class Signal:
    """The song minus the sum of its parts, or their mean.

    from_song: which of both. parts: none for the song itself, one for a stem as it is.
    """

    from_song: bool
    parts: tuple[NodeStem, ...]

    def make(self, song: Samples, stems: Mapping[NodeStem, Samples]) -> Samples:
        """song and stems: blocks of the same samples, (channels=2, samples)."""
        if not self.parts:
            return song
        first, *others = (stems[part] for part in self.parts)
        total = first
        for other in others:
            total = total + other
        if self.from_song:
            return song - total
        return total / np.float32(len(self.parts)) if others else total


def parse_signal(text: str) -> Signal:
    """`song`, `a.b`, `song - a.b`, `song - sum(a.b, c.d)` or `mean(a.b, c.d)`. Raises InvalidRecipeError."""
    if found := _REST.fullmatch(text):
        return Signal(from_song=True, parts=_parts(found["one"] or found["sum"]))
    if found := _MADE.fullmatch(text):
        return Signal(from_song=False, parts=_parts(found["one"] or found["mean"]))
    raise InvalidRecipeError(
        f"{text!r} is not a sound: it may be `song`, `<node>.<stem>`, `song - <node>.<stem>`, "
        "`song - sum(<node>.<stem>, ...)` or `mean(<node>.<stem>, ...)`"
    )


def _parts(text: str | None) -> tuple[NodeStem, ...]:
    names = [part.strip().partition(".") for part in text.split(",")] if text else []
    return tuple(NodeStem(node, stem) for node, _, stem in names)
