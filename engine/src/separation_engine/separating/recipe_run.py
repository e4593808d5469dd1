"""A recipe at work: separates node by node, and makes the stem files from what the nodes made."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from separation_engine.common.wav import Samples, WavReader, WavWriter
from separation_engine.models.installed_recipe import InstalledRecipe
from separation_engine.networks.interface import DeviceSamples
from separation_engine.networks.stem_block import PendingBlocks, StemBlock, make_stem_block
from separation_engine.recipes.recipe import Node
from separation_engine.recipes.signals import NodeStem, Signal
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.plan import make_plan
from separation_engine.separating.request import NetworkUse, Progress, SeparationRequest, SeparationResult
from separation_engine.separating.separation import Chunk, Separation, open_song, wanted_sources
from separation_engine.separating.stem_files import StemFiles, add_up

_BLOCK_SAMPLES = 1 << 16
# beside the stem files; no stem can have this name
_SCRATCH = ".nodes"


class RecipeRun:
    """The state of one separation with a recipe. To the scheduler it looks like a Separation.

    Whatever one node leaves for others lies in scratch, as float32 WAV of the song's length: 8 bytes per
    sample for each stem of a node that is still needed, and for the input of the node that runs. Memory does
    not depend on the length of the song.

    Raises InvalidInputError, UnknownStemError.
    """

    def __init__(self, request: SeparationRequest, installed: InstalledRecipe) -> None:
        recipe = installed.recipe
        made = wanted_sources(request.stems, recipe.stems)
        self.weights = installed.weights
        self._request = request
        self._recipe = recipe.only(made)
        self._cost = {node.id: installed.cost(node) for node in recipe.nodes}
        self._left = list(self._recipe.nodes)
        self._running: Separation | None = None
        self._node_id = ""
        self._done_work = 0
        self._models: list[LoadedModel] = []
        self._networks: list[NetworkUse] = []
        self._folder = request.output_dir / _SCRATCH
        self._song = open_song(request.input, installed.sample_rate)
        try:
            self._total_work = sum(self._work_of(node, installed) for node in self._recipe.nodes)
            self._files = StemFiles(
                request.output_dir, self._song, made, request.stems, complete=add_up(made, recipe.stems)
            )
        except BaseException:
            self._song.close()
            raise

    @property
    def models(self) -> Sequence[LoadedModel]:
        """Those that it ran so far."""
        return self._models

    @property
    def models_in_use(self) -> Sequence[LoadedModel]:
        """Those that must stay loaded: of the node that runs."""
        return self._running.models_in_use if self._running else []

    @property
    def next_node(self) -> Node | None:
        """The node to `begin` before any chunk; None while one runs, and after the last."""
        return None if self._running or not self._left else self._left[0]

    def begin(self, model: LoadedModel) -> None:
        """Start the next node with its model. Reads the whole song, and may write one."""
        node = self._left.pop(0)
        self._node_id = node.id
        self._models.append(model)
        request = replace(
            self._request,
            input=self._make_input(node),
            output_dir=self._folder / node.id,
            model=node.model,
            stems=node.stems,
        )
        self._running = Separation(request, model)

    @property
    def next_chunk(self) -> Chunk | None:
        """The chunk to hand out next; None after the last one of a node."""
        return self._running.next_chunk if self._running else None

    def hand_out(self) -> Chunk:
        return self._node.hand_out()

    def count_batchable(self, other: Chunk, limit: int) -> int:
        return self._running.count_batchable(other, limit) if self._running else 0

    def mix(self, chunk: Chunk) -> DeviceSamples:
        return self._node.mix(chunk)

    def join(self, estimate: DeviceSamples) -> PendingBlocks:
        return self._node.join(estimate)

    def write(self, done: Iterable[StemBlock]) -> Progress:
        """Like `Separation.write`. The stem files grow with the last node."""
        node = self._node
        progress = node.write(done)
        if not self._left:
            self._follow(progress.written_samples)
        now = self._done_work + self._cost[self._node_id] * progress.done_samples
        if progress.done_samples == progress.total_samples:
            self._networks += node.finish().networks
            node.close()
            self._done_work, self._running = now, None
            self._remove_unneeded()
        return Progress(now, self._total_work, self._files.written_samples, self._files.gain_db)

    def finish(self) -> SeparationResult:
        """Close the complete stems. Call once, after the last `write`."""
        return self._files.finish(self._networks)

    def close(self) -> None:
        """Close all files, whatever their state, and remove what lies in scratch."""
        if self._running:
            self._running.close()
        self._files.close()
        self._song.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _node(self) -> Separation:
        if not self._running:
            raise AssertionError("no node runs")
        return self._running

    def _work_of(self, node: Node, installed: InstalledRecipe) -> int:
        settings = installed.folders[node.model].settings[0]
        plan = make_plan(
            song_samples=self._song.samples,
            segment_samples=settings.segment_samples,
            sample_rate=settings.sample_rate,
            networks=installed.networks(node),
            overlap=self._request.overlap,
            shifts=self._request.shifts,
            cutting=settings.architecture.cutting,
        )
        return self._cost[node.id] * plan.total_samples

    def _make_input(self, node: Node) -> Path:
        signal = node.input
        if not signal.parts:
            return self._request.input
        if not signal.from_song and len(signal.parts) == 1:
            return self._path_of(signal.parts[0])
        path = self._input_path(node.id)
        with closing(WavWriter(path, self._song.samples, self._song.sample_rate)) as writer:
            for (block,) in self._blocks([signal], 0, self._song.samples):
                writer.write(block)
            writer.finish()
        return path

    def _follow(self, until: int) -> None:
        """Make the samples of the stem files that the last node has made possible."""
        signals = [*self._recipe.outputs.values()]
        for blocks in self._blocks(signals, self._files.written_samples, until):
            made = np.stack(blocks)
            mix = self._song.read(self._files.written_samples, made.shape[2])
            self._files.write(make_stem_block(mix, made, self._files.outputs))

    def _blocks(self, signals: Sequence[Signal], first: int, until: int) -> Iterator[list[Samples]]:
        """These samples of every signal, block by block."""
        parts = {part for signal in signals for part in signal.parts}
        with ExitStack() as open_files:
            # opened again each time: a reader does not see what a file grows later
            readers = {
                part: open_files.enter_context(closing(WavReader(self._path_of(part)))) for part in parts
            }
            for start in range(first, until, _BLOCK_SAMPLES):
                samples = min(_BLOCK_SAMPLES, until - start)
                song = self._song.read(start, samples)
                stems = {part: reader.read(start, samples) for part, reader in readers.items()}
                yield [signal.make(song, stems) for signal in signals]

    def _remove_unneeded(self) -> None:
        """Free the scratch of what no later node and no stem needs."""
        kept = {part for signal in self._signals_to_come() for part in signal.parts}
        for node in self._recipe.nodes:
            if node not in self._left:
                self._input_path(node.id).unlink(missing_ok=True)
                for stem in node.stems:
                    if NodeStem(node.id, stem) not in kept:
                        self._path_of(NodeStem(node.id, stem)).unlink(missing_ok=True)

    def _signals_to_come(self) -> Sequence[Signal]:
        return [*self._recipe.outputs.values(), *(node.input for node in self._left)]

    def _input_path(self, node: str) -> Path:
        return self._folder / f"{node}.wav"

    def _path_of(self, part: NodeStem) -> Path:
        return self._folder / part.node / f"{part.stem}.wav"
