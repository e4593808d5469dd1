"""Writes the stem files of one separation and measures them on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from separation_engine.common.errors import NotFiniteError
from separation_engine.common.wav import WavReader, WavWriter
from separation_engine.networks.stem_block import Output, StemBlock
from separation_engine.separating.gain import gain_db_for_peak
from separation_engine.separating.request import INSTRUMENTAL, NetworkUse, SeparationResult, StemFile
from separation_engine.separating.stored_residual import rounding_matters, stored_rest_energy

REST = "other"


def add_up(made: Sequence[str], sources: Sequence[str]) -> bool:
    """Whether these stems should add up to the song. sources: all that the model makes."""
    return REST in sources and len(made) == len(sources)


class StemFiles:
    """Writes blocks of stems in song order.

    made: what the networks make. wanted: the stems to write; `instrumental` requires vocals in made.
    complete: whether `made` has all sources of the model. Only then is the residual defined.
    """

    def __init__(
        self, folder: Path, song: WavReader, made: Sequence[str], wanted: Sequence[str], *, complete: bool
    ) -> None:
        self._song = song
        self._made = list(made)
        self._complete = complete
        self._peaks = dict.fromkeys(wanted, 0.0)
        self._mix_energy = self._rest_energy = 0.0
        self.written_samples = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._writers: dict[str, WavWriter] = {}
        self._paths = {name: folder / f"{name}.wav" for name in wanted}
        try:
            for name, path in self._paths.items():
                self._writers[name] = WavWriter(path, song.samples, song.sample_rate)
        except BaseException:
            self.close()
            raise

    @property
    def outputs(self) -> Sequence[Output]:
        """What the blocks for `write` hold, in terms of the made stems."""
        return [
            Output(self._made.index("vocals"), complement=True)
            if name == INSTRUMENTAL
            else Output(self._made.index(name))
            for name in self._writers
        ]

    def write(self, block: StemBlock) -> None:
        """Write the next samples of all stems. Raises NotFiniteError."""
        self._mix_energy += block.mix_energy
        self._rest_energy += block.rest_energy
        for (name, writer), frames, peak in zip(
            self._writers.items(), block.frames, block.peaks, strict=True
        ):
            if not math.isfinite(peak):
                raise NotFiniteError(f"the network returned a sample of {name} that is not finite")
            self._peaks[name] = max(self._peaks[name], peak)
            writer.write_frames(frames)
        self.written_samples += block.frames.shape[1]

    @property
    def gain_db(self) -> int:
        """The gain for what is written so far."""
        return gain_db_for_peak(max(self._peaks.values()))

    def finish(self, networks: Sequence[NetworkUse]) -> SeparationResult:
        """Close the complete files and return their measurements. networks: what made them."""
        for writer in self._writers.values():
            writer.finish()
        return SeparationResult(
            samples=self._song.samples,
            sample_rate=self._song.sample_rate,
            stems=tuple(StemFile(name, path, self._peaks[name]) for name, path in self._paths.items()),
            gain_db=self.gain_db,
            residual_db=self._residual_db(),
            networks=tuple(networks),
        )

    def close(self) -> None:
        """Close the files, complete or not."""
        for writer in self._writers.values():
            writer.close()

    def _residual_db(self) -> float | None:
        if not self._complete or self._mix_energy == 0.0:
            return None
        stored = [self._paths[name] for name in self._made if name in self._paths]
        # a quiet song: the stems that were written are not the stems that are stored
        if len(stored) == len(self._made) and rounding_matters(
            self._rest_energy, self._song.samples, len(stored), self.gain_db
        ):
            self._rest_energy = stored_rest_energy(self._song, stored, self.gain_db)
        # an exact sum has no logarithm; -300 dB is below the resolution of float64
        return 10 * math.log10(max(self._rest_energy / self._mix_energy, 1e-30))
