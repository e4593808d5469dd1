"""Keeps networks in memory: the default model's, those that running jobs use, and the latest beside them."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from separation_engine.backends.base import Network
from separation_engine.backends.select import BackendSelector
from separation_engine.checks.precision_check import require_precision
from separation_engine.checks.references import find_reference
from separation_engine.checks.self_check import check_network, known_mix
from separation_engine.models.folder import ModelFolder
from separation_engine.models.library import ModelLibrary
from separation_engine.separating.loaded_model import LoadedModel, needed_networks
from separation_engine.separating.separation import wanted_sources
from separation_engine.settings import Settings

_LOG = logging.getLogger(__name__)


class ResidentModels:
    """Loads what a job needs, checked. What no job needs any more stays until another model wants the room:
    the next song often asks for the same model, and a bag of four takes twelve seconds to load.
    """

    def __init__(self, settings: Settings) -> None:
        self.library = ModelLibrary(settings.models_dir)
        self._settings = settings
        self._selector = BackendSelector.of(settings)
        self._networks: dict[str, dict[int, Network]] = {}
        self._used: set[str] = set()

    def backend_name(self, model: str) -> str:
        """Name of the backend that will run this model; loads nothing heavy."""
        return self._selector.name_for(self.library.find(model).settings[0])

    def load(self, name: str, stems: Sequence[str] | None = None) -> LoadedModel:
        """The model with the sub-models that these stems need; all of them by default. It counts as used.

        Raises EngineError for whatever is missing, changed or off.
        """
        folder = self.library.find(name)
        kept = wanted_sources(tuple(stems or folder.sources), folder.sources)
        self._used.add(name)
        networks = self._networks.setdefault(name, {})
        needed = needed_networks(folder.shares, [folder.sources.index(source) for source in kept])
        for index in [index for index in needed if index not in networks]:
            self._make_room()
            networks[index] = self._load_network(folder, index)
        return LoadedModel(
            name=name,
            backend=self._selector.open(folder.settings[0]),
            networks=dict(networks),
            sources=folder.sources,
            shares=folder.shares,
            sample_rate=folder.settings[0].sample_rate,
            segment_samples=folder.settings[0].segment_samples,
            signatures=folder.signatures,
            weights_sha256=folder.weights_sha256,
        )

    def release(self, used: Collection[str]) -> None:
        """No job needs any other model than these for now."""
        self._used = set(used)

    def _make_room(self) -> None:
        """Close the networks of every model that is neither used nor the default."""
        for name in self._networks.keys() - self._used - {self._settings.model}:
            for network in self._networks.pop(name).values():
                network.close()
            _LOG.info("released %s", name)

    def _load_network(self, folder: ModelFolder, index: int) -> Network:
        started = time.monotonic()
        settings = folder.settings[index]
        reference = find_reference(folder, index, self._settings)
        with ThreadPoolExecutor(thread_name_prefix="load") as beside:
            # a tenth of a cold start; what is compiled on disk is loaded meanwhile
            checking = beside.submit(folder.check_weights, index)
            mixing = beside.submit(known_mix, settings.segment_samples, settings.sample_rate)
            backend = self._selector.open(folder.settings[0])
            if backend.precision != "fp32":
                require_precision(folder, index, backend, self._settings)
            network = backend.load(folder.open_weights(index))
        label = f"{folder.name}/{folder.signatures[index]}"
        try:
            checking.result()
            check_network(network, mixing.result(), reference, backend.precision, label)
        except BaseException:
            network.close()
            raise
        _LOG.info("loaded %s in %.1f s", label, time.monotonic() - started)
        return network
