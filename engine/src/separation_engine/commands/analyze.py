"""The command `analyze`: describes the stems in a folder of WAV files."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from separation_engine.analysis.analyze import Source, analyze
from separation_engine.common.errors import InvalidInputError
from separation_engine.common.wav import Samples, WavReader


def analyze_folder(folder: Path, mix: Path | None, mix_gain_db: float = 0.0) -> str:
    """The analysis as JSON.

    mix: a WAV file; the sum of the stems if None. mix_gain_db: applied to it before it is measured.
    Raises InvalidInputError.
    """
    with ExitStack() as ends:
        paths = sorted(path for path in folder.glob("*.wav") if path != mix)
        if not paths:
            raise InvalidInputError(f"{folder} has no WAV files")
        stems = {path.stem: ends.enter_context(closing(WavReader(path))) for path in paths}
        whole = ends.enter_context(closing(WavReader(mix))) if mix else _Sum(list(stems.values()))
        document: dict[str, Any] = analyze(whole, stems, 10 ** (mix_gain_db / 20))
    return json.dumps(document)


class _Sum:
    """The sum of sounds of equal length."""

    def __init__(self, parts: list[WavReader]) -> None:
        self._parts: list[Source] = list(parts)
        self.samples = parts[0].samples
        self.sample_rate = parts[0].sample_rate

    def read(self, start: int, samples: int) -> Samples:
        total = self._parts[0].read(start, samples)
        for part in self._parts[1:]:
            total += part.read(start, samples)
        return total
