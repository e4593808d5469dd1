"""One separation: hands out the chunks that a network has to see, joins and writes what it makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from separation_engine.backends.base import DeviceSamples, Network, PendingSamples, Samples
from separation_engine.errors import InvalidInputError, UnknownStemError
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.normalisation import measure_mix
from separation_engine.separating.overlap_add import OverlapAdd
from separation_engine.separating.plan import make_plan
from separation_engine.separating.request import INSTRUMENTAL, Progress, SeparationRequest, SeparationResult
from separation_engine.separating.stem_files import StemFiles
from separation_engine.wav import WavReader

# of all stems together they stay in the second-level cache
_SAMPLES_AT_ONCE = 16_384


@dataclass(frozen=True)
class Chunk:
    """A piece of a song for one network: `input_samples` long, with `samples` of it centred."""

    network: Network
    start: int
    samples: int
    input_samples: int

    def shares_with(self, other: Chunk) -> bool:
        """Whether both can go through one forward."""
        return self.network is other.network and self.input_samples == other.input_samples


class Separation:
    """The state of one separation; chunks are handed out, joined and written in the same order.

    Raises InvalidInputError, UnknownStemError. Memory does not depend on the length of the song.
    """

    def __init__(self, request: SeparationRequest, model: LoadedModel) -> None:
        self._model = model
        self._made = wanted_sources(request.stems, model.sources)
        networks = model.needed_networks(self._made)
        self._song = _open_song(request, model.sample_rate)
        try:
            self._level = measure_mix(self._song)
            self._plan = make_plan(
                song_samples=self._song.samples,
                segment_samples=model.segment_samples,
                sample_rate=model.sample_rate,
                networks=networks,
                overlap=request.overlap,
                shifts=request.shifts,
                run=min(model.networks[index].max_batch for index in networks),
            )
            self._kept = [model.sources.index(name) for name in self._made]
            self._joined = OverlapAdd(
                self._plan,
                model.shares[:, self._kept],
                model.networks[networks[0]].accumulator(len(self._kept), self._plan.span),
            )
            self._files = StemFiles(
                request.output_dir,
                self._song,
                self._made,
                request.stems,
                complete=len(self._made) == len(model.sources),
            )
        except BaseException:
            self._song.close()
            raise
        self._handed = self._joined_count = self._written_count = self._done_samples = 0

    @property
    def next_chunk(self) -> Chunk | None:
        """The chunk that is handed out next; None when all are."""
        return self._chunk(self._handed)

    def hand_out(self) -> Chunk:
        """The next chunk."""
        self._handed += 1
        if (chunk := self._chunk(self._handed - 1)) is None:
            raise AssertionError("all chunks are handed out")
        return chunk

    def count_like(self, other: Chunk, most: int) -> int:
        """How many of the next chunks, `most` at most, could share a forward with the other."""
        chunks = (self._chunk(index) for index in range(self._handed, self._handed + most))
        return sum(1 for _ in takewhile(lambda chunk: chunk is not None and chunk.shares_with(other), chunks))

    def mix(self, chunk: Chunk) -> Samples:
        """The scaled mix for the network: (channels=2, chunk.input_samples)."""
        before = (chunk.input_samples - chunk.samples) // 2
        first = chunk.start - before
        mix = self._song.read(first, chunk.input_samples)
        scaled = self._level.scale(mix)
        # silence around the song is 0 for the network too
        scaled[:, : max(0, -first)] = 0
        scaled[:, max(0, self._song.samples - first) :] = 0
        return scaled

    def join(self, estimate: DeviceSamples) -> PendingSamples:
        """estimate: (sources, channels=2, input_samples) of the oldest chunk that is out, used up by this.

        Returns what `write` wants.
        """
        segment = self._plan.segments[self._joined_count]
        self._joined_count += 1
        before = (estimate.shape[2] - segment.samples) // 2
        # one by one: all of an array at once would be a copy, and on a GPU a wait
        return self._joined.add(
            [estimate[index, :, before : before + segment.samples] for index in self._kept]
        )

    def write(self, done: Samples) -> Progress:
        """done: what came of the oldest `join` that is not written, (stems, channels=2, samples >= 0)."""
        for first in range(0, done.shape[2], _SAMPLES_AT_ONCE):
            self._files.write(self._level.unscale(done[..., first : first + _SAMPLES_AT_ONCE]))
        self._done_samples += self._plan.segments[self._written_count].samples
        self._written_count += 1
        return Progress(
            self._done_samples, self._plan.total_samples, self._files.written_samples, self._files.gain_db
        )

    def _chunk(self, index: int) -> Chunk | None:
        if index >= len(self._plan.segments):
            return None
        segment = self._plan.segments[index]
        network = self._model.networks[segment.network]
        return Chunk(network, segment.start, segment.samples, network.input_samples(segment.samples))

    def finish(self) -> SeparationResult:
        """All stems are complete: close them. Call once, when nothing is left to write."""
        return self._files.finish()

    def close(self) -> None:
        """Close what is open, whatever state it is in."""
        self._files.close()
        self._song.close()


def wanted_sources(stems: tuple[str, ...], sources: tuple[str, ...]) -> list[str]:
    """The sources to make for these stems, in the model's order. Raises UnknownStemError."""
    needed = {"vocals" if stem == INSTRUMENTAL else stem for stem in stems}
    unknown = sorted(needed - set(sources))
    if unknown or not needed:
        raise UnknownStemError(f"the model makes {', '.join(sources)}, not {', '.join(unknown) or 'nothing'}")
    return [source for source in sources if source in needed]


def _open_song(request: SeparationRequest, sample_rate: int) -> WavReader:
    song = WavReader(request.input)
    if song.sample_rate != sample_rate or not song.samples:
        song.close()
        reason = (
            "holds no sound"
            if song.sample_rate == sample_rate
            else f"is not at {sample_rate} samples a second"
        )
        raise InvalidInputError(f"the input {reason}")
    return song
