"""Keeps networks loaded: those of the default, those of running jobs, and the last model used."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from separation_engine.backends.select import BackendSelector
from separation_engine.checks.precision_check import require_precision
from separation_engine.checks.references import find_reference
from separation_engine.checks.self_check import check_network, known_mix
from separation_engine.common.errors import EngineError
from separation_engine.common.settings import Settings
from separation_engine.models.folder import ModelFolder
from separation_engine.models.installed_recipe import InstalledRecipe
from separation_engine.models.library import ModelLibrary
from separation_engine.models.offer import Offer, offer_of
from separation_engine.networks.interface import Network
from separation_engine.separating.loaded_model import LoadedModel
from separation_engine.separating.separation import wanted_sources
from separation_engine.serving.activity import Activity

_LOG = logging.getLogger(__name__)


class ModelCache:
    """Loads and checks networks on demand. An unused model stays until another one needs its memory.

    The next song often uses the same model, and a bag of four takes twelve seconds to load.
    """

    def __init__(
        self,
        settings: Settings,
        activity: Activity | None = None,
        library: ModelLibrary | None = None,
    ) -> None:
        self.library = library or ModelLibrary(settings.models_dir)
        self._settings = settings
        self._activity = activity or Activity()
        self._selector = BackendSelector(settings)
        self._networks: dict[str, dict[int, Network]] = {}
        self._used: set[str] = set()
        self._kept = {settings.model}

    def find_recipe(self, name: str) -> InstalledRecipe | None:
        """None if the name is not that of a recipe. Raises EngineError if a model of it is missing."""
        return self.library.find_recipe(name)

    def load_default(self) -> LoadedModel:
        """The default model; of a recipe all models, of which it returns the last.

        They stay loaded. Raises EngineError.
        """
        recipe = self.find_recipe(self._settings.model)
        nodes = recipe.recipe.nodes if recipe else ()
        models = [self.load(node.model, node.stems) for node in nodes] or [self.load(self._settings.model)]
        self._kept = {model.name for model in models}
        return models[-1]

    def load(self, name: str, stems: Sequence[str] | None = None) -> LoadedModel:
        """The model with the sub-models that these stems need; all sub-models by default.

        Marks the model as used. Raises EngineError if anything is missing, changed or fails its check.
        """
        folder = self.library.find(name)
        kept = wanted_sources(tuple(stems or folder.sources), folder.sources)
        self._used.add(name)
        networks = self._networks.setdefault(name, {})
        needed = folder.networks_for(kept)
        for index in [index for index in needed if index not in networks]:
            self._evict()
            networks[index] = self._load_network(folder, index)
        settings = folder.settings[0]
        backend = self._selector.open(settings)
        return LoadedModel(
            name=name,
            backend=backend,
            versions=settings.versions(backend),
            networks=dict(networks),
            sources=folder.sources,
            bag_weights=folder.bag_weights,
            sample_rate=settings.sample_rate,
            segment_samples=settings.segment_samples,
            cutting=settings.architecture.cutting,
            weights=folder.weights,
        )

    def runnable(self) -> list[Offer]:
        """The installed models and recipes that the backends of this machine can run."""
        found = []
        models, recipes = self.library.installed(), self.library.installed_recipes()
        for offer in [*map(offer_of, models), *map(offer_of, recipes)]:
            try:
                for folder in offer.folders:
                    self._selector.name_for(folder.settings[0])
            except EngineError as error:
                _LOG.warning("%s cannot run here: %s", offer.name, error)
            else:
                found.append(offer)
        return found

    def release(self, used: Collection[str]) -> None:
        """Mark every other model as unused."""
        self._used = set(used)

    def _evict(self) -> None:
        """Close the networks of every unused model except the default."""
        for name in self._networks.keys() - self._used - self._kept:
            for network in self._networks.pop(name).values():
                network.close()
            _LOG.info("unloaded %s", name)

    def _load_network(self, folder: ModelFolder, index: int) -> Network:
        started = time.monotonic()
        settings = folder.settings[index]
        # what no backend can build would fail later, in the processes that make its reference
        self._selector.name_for(folder.settings[0])
        self._activity.begin()
        reference = find_reference(folder, index, self._settings)
        with ThreadPoolExecutor(thread_name_prefix="load") as pool:
            # hashing takes a tenth of a cold start, so the compiled model loads meanwhile
            checking = pool.submit(folder.check_weights, index)
            mixing = pool.submit(known_mix, settings.segment_samples, settings.sample_rate)
            self._activity.begin()
            backend = self._selector.open(folder.settings[0])
            if backend.precision != "fp32":
                require_precision(folder, index, backend, self._settings)
            self._activity.begin()
            network = folder.open_weights(index).load(backend)
        label = f"{folder.name}/{folder.signatures[index]}"
        try:
            self._activity.begin()
            checking.result()
            cost = check_network(network, mixing.result(), reference, backend.precision, label)
            self._activity.checked(cost)
        except BaseException:
            network.close()
            raise
        _LOG.info("loaded %s in %.1f s", label, time.monotonic() - started)
        return network
