"""One separation: hands out chunks for the network, joins its estimates and writes the stems."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from separation_engine.common.errors import InvalidInputError, UnknownStemError
from separation_engine.common.wav import WavReader
from separation_engine.networks.bag import Weights, needed_networks
from separation_engine.networks.cutting import reflected_positions
from separation_engine.networks.interface import DeviceSamples, Network
from separation_engine.networks.stem_block import PendingBlocks, StemBlock
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.overlap_add import OverlapAdd
from separation_engine.separating.plan import make_plan
from separation_engine.separating.request import (
    INSTRUMENTAL,
    NetworkUse,
    Progress,
    SeparationRequest,
    SeparationResult,
)
from separation_engine.separating.stem_files import REST, StemFiles, add_up


@dataclass(frozen=True)
class Chunk:
    """A piece of a song for one network: `input_samples` long, with `samples` of it centered.

    stems: indices of the sources that the song needs from this network.
    """

    network: Network
    start: int
    samples: int
    input_samples: int
    stems: tuple[int, ...]

    def can_batch_with(self, other: Chunk) -> bool:
        """Whether both fit in one forward."""
        return self.network is other.network and self.input_samples == other.input_samples


class Separation:
    """The state of one separation. Chunks are handed out, joined and written in the same order.

    Memory of the host does not depend on the length of the song. Raises InvalidInputError, UnknownStemError.
    """

    def __init__(self, request: SeparationRequest, model: LoadedModel) -> None:
        self._model = model
        self._made = wanted_sources(request.stems, model.sources)
        networks = needed_networks(model.bag_weights, model.sources, self._made)
        self._song = open_song(request.input, model.sample_rate)
        try:
            first = model.networks[networks[0]]
            self._work = first.song(self._song, normalized=model.cutting.normalized)
            self._plan = make_plan(
                song_samples=self._song.samples,
                segment_samples=model.segment_samples,
                sample_rate=model.sample_rate,
                networks=networks,
                overlap=request.overlap,
                shifts=request.shifts,
                cutting=model.cutting,
                run=min(model.networks[index].full_batch for index in networks),
            )
            # gets the song's DC offset; without it, only the remainder has it
            self._rest = self._made.index(REST) if REST in self._made else None
            self._kept = [model.sources.index(name) for name in self._made]
            self._stems = {
                index: tuple(stem for stem in self._kept if model.bag_weights[index, stem])
                for index in networks
            }
            self._joined = OverlapAdd(
                self._plan,
                model.cutting,
                model.bag_weights[:, self._kept],
                first.accumulator(len(self._kept), self._plan.span),
            )
            self._files = StemFiles(
                request.output_dir,
                self._song,
                self._made,
                request.stems,
                complete=add_up(self._made, model.sources),
            )
        except BaseException:
            self._song.close()
            raise
        self._handed = self._joined_count = self._written_count = self._done_samples = 0
        self._seconds = dict.fromkeys(networks, 0.0)
        self._clock = time.monotonic()

    @property
    def models(self) -> Sequence[LoadedModel]:
        """Those that it ran so far."""
        return [self._model]

    @property
    def models_in_use(self) -> Sequence[LoadedModel]:
        """Those that must stay loaded."""
        return [self._model]

    @property
    def networks(self) -> list[NetworkUse]:
        """Those that ran so far."""
        name, weights = self._model.name, self._model.weights
        return [
            NetworkUse(name, weights.signatures[index], weights.hashes[index], seconds)
            for index, seconds in self._seconds.items()
        ]

    @property
    def weights(self) -> Weights:
        """Of the whole model, whichever of its networks run."""
        return self._model.weights

    @property
    def next_chunk(self) -> Chunk | None:
        """The chunk to hand out next; None after the last one."""
        return self._chunk(self._handed)

    def hand_out(self) -> Chunk:
        """The next chunk."""
        self._handed += 1
        if (chunk := self._chunk(self._handed - 1)) is None:
            raise AssertionError("no chunk is left")
        return chunk

    def count_batchable(self, other: Chunk, limit: int) -> int:
        """How many of the next chunks, up to the limit, can share a forward with the other."""
        chunks = (self._chunk(index) for index in range(self._handed, self._handed + limit))
        return sum(
            1 for _ in takewhile(lambda chunk: chunk is not None and chunk.can_batch_with(other), chunks)
        )

    def mix(self, chunk: Chunk) -> DeviceSamples:
        """The normalized mix for the network: (channels=2, chunk.input_samples)."""
        first = chunk.start - self._before(chunk.samples, chunk.input_samples)
        if not self._model.cutting.reflected:
            return self._work.mix(first, chunk.input_samples)
        positions = reflected_positions(first, chunk.input_samples, self._song.samples, self._plan.border)
        return self._work.gather(positions, chunk.input_samples)

    def join(self, estimate: DeviceSamples) -> PendingBlocks:
        """Add the estimate of the oldest chunk in flight: (sources, channels=2, input_samples).

        May overwrite the estimate. Returns the argument for `write`.
        """
        first = self._plan.finished[self._joined_count - 1] if self._joined_count else 0
        segment = self._plan.segments[self._joined_count]
        self._joined_count += 1
        before = self._before(segment.samples, estimate.shape[2])
        # slices, because indexing all stems at once would copy, and block on a GPU
        joined = self._joined.add(
            [estimate[index, :, before : before + segment.samples] for index in self._kept]
        )
        return self._work.finish(first, joined, self._rest, self._files.outputs)

    def write(self, done: Iterable[StemBlock]) -> Progress:
        """done: what the oldest unwritten `join` made."""
        for block in done:
            self._files.write(block)
        segment = self._plan.segments[self._written_count]
        self._done_samples += segment.samples
        self._written_count += 1
        before, self._clock = self._clock, time.monotonic()
        self._seconds[segment.network] += self._clock - before
        return Progress(
            self._done_samples, self._plan.total_samples, self._files.written_samples, self._files.gain_db
        )

    def _before(self, samples: int, input_samples: int) -> int:
        """Where a chunk begins in the network's input."""
        return 0 if self._model.cutting.reflected else (input_samples - samples) // 2

    def _chunk(self, index: int) -> Chunk | None:
        if index >= len(self._plan.segments):
            return None
        segment = self._plan.segments[index]
        network = self._model.networks[segment.network]
        length = network.input_samples(segment.samples)
        return Chunk(network, segment.start, segment.samples, length, self._stems[segment.network])

    def finish(self) -> SeparationResult:
        """Close the complete stems. Call once, after the last `write`."""
        return self._files.finish(self.networks)

    def close(self) -> None:
        """Close all files, whatever their state."""
        self._files.close()
        self._song.close()


def wanted_sources(stems: tuple[str, ...], sources: tuple[str, ...]) -> list[str]:
    """The sources that these stems need, in the model's order. Raises UnknownStemError."""
    needed = {"vocals" if stem == INSTRUMENTAL else stem for stem in stems}
    unknown = sorted(needed - set(sources))
    if unknown or not needed:
        raise UnknownStemError(f"the model makes {', '.join(sources)}, not {', '.join(unknown) or 'nothing'}")
    return [source for source in sources if source in needed]


def open_song(path: Path, sample_rate: int) -> WavReader:
    """Raises InvalidInputError if it is empty or has another sample rate."""
    song = WavReader(path)
    if song.sample_rate != sample_rate or not song.samples:
        song.close()
        reason = (
            "is empty"
            if song.sample_rate == sample_rate
            else f"has {song.sample_rate} Hz instead of {sample_rate} Hz"
        )
        raise InvalidInputError(f"the input {reason}")
    return song
