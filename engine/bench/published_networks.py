"""Published networks at their full size, with random weights: as ours, and as their authors' torch modules.

The authors' code is not a dependency of this project. `bs_roformer` comes with the development environment
(bs-roformer-infer). Put the folders that hold `mel_band_roformer` (the wheel melband-roformer-infer, and
librosa) and `scnet` (the repository starrytong/SCNet) into PUBLISHED_CODE, separated by colons.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from separation_engine.architectures.roformer.description.settings import BS, MEL
from separation_engine.architectures.scnet.description.settings import SCNET
from separation_engine.architectures.table import ARCHITECTURES
from tests.model_files import FOUR, FULL, HTDEMUCS_CLASS, write_files
from tests.models import arrays_of, full
from tests.roformer.weights import make_weights as make_roformer
from tests.scnet.weights import make_weights as make_scnet
from tests.sounds import RATE

CLASSES = {"htdemucs": HTDEMUCS_CLASS, "bs": BS, "mel": MEL, "scnet": SCNET}


@dataclass(frozen=True)
class Published:
    """kind: one of CLASSES. mask_layers, mask_features: of a RoFormer's masks."""

    title: str
    kind: str
    settings: Mapping[str, object]
    mask_layers: int = 2
    mask_features: int = 0

    @property
    def sources(self) -> list[str]:
        return list(map(str, cast("list[str]", self.settings["sources"])))

    @property
    def seconds(self) -> float:
        """Of a segment."""
        return float(cast("Fraction", self.settings["segment"]))

    @property
    def samples(self) -> int:
        return round(self.seconds * RATE)

    @property
    def overlap(self) -> float:
        return ARCHITECTURES[CLASSES[self.kind]].cutting.overlap

    def tensors(self) -> Mapping[str, NDArray[np.generic]]:
        if self.kind == "htdemucs":
            return arrays_of(self.module())
        if self.kind == "scnet":
            return make_scnet(self.settings).tensors
        layers, features = self.mask_layers, self.mask_features
        return make_roformer(self.kind, self.settings, mask_layers=layers, mask_features=features).tensors

    def module(self) -> torch.nn.Module:
        """The authors' module with the same weights, in evaluation mode."""
        if self.kind == "htdemucs":
            return full()
        build = _build_scnet if self.kind == "scnet" else partial(_build_roformer, self)
        module = build({name: _as_tuple(value) for name, value in self.settings.items()})
        module.load_state_dict({name: torch.from_numpy(value) for name, value in self.tensors().items()})
        return module.eval()

    def write(self, models_dir: Path, name: str) -> None:
        """Write the model's folder."""
        settings = {key: value for key, value in self.settings.items() if key != "sources"}
        klass = CLASSES[self.kind]
        write_files(models_dir, name, [self.tensors()], settings=settings, sources=self.sources, klass=klass)


def _roformer(**settings: object) -> dict[str, object]:
    return {
        "stereo": True,
        "num_stems": 1,
        "sources": ["vocals"],
        "dim_head": 64,
        "heads": 8,
        "time_transformer_depth": 1,
        "freq_transformer_depth": 1,
        "stft_n_fft": 2048,
        "stft_win_length": 2048,
        "stft_hop_length": 441,
        "segment": 8,
        **settings,
    }


NETWORKS = {
    "htdemucs": Published("htdemucs", "htdemucs", {**FULL, "sources": FOUR}),
    "kim": Published(
        "Mel-Band RoFormer (Kim)", "mel", _roformer(dim=384, depth=6, zero_dc=False), mask_layers=3
    ),
    "viperx": Published("BS-RoFormer (viperx)", "bs", _roformer(dim=512, depth=12)),
    "bs4": Published(
        "BS-RoFormer, 4 stems",
        "bs",
        _roformer(dim=384, depth=8, num_stems=4, sources=FOUR, segment=11),
        mask_features=768,
    ),
    "scnet": Published("SCNet small", "scnet", {"sources": FOUR, "segment": 11}),
    "scnet_large": Published(
        "SCNet large",
        "scnet",
        {"sources": FOUR, "segment": 11, "dims": [4, 64, 128, 256], "band_SR": [0.225, 0.372, 0.403]},
    ),
}


def published_code(name: str) -> Any:  # noqa: ANN401 - a module without types
    """A module of the authors' code, from PUBLISHED_CODE or the development environment."""
    folders = os.environ.get("PUBLISHED_CODE", "").split(":")
    sys.path += [folder for folder in folders if folder and folder not in sys.path]
    return import_module(name)


def _build_roformer(published: Published, settings: Mapping[str, Any]) -> torch.nn.Module:
    name = "bs_roformer" if published.kind == "bs" else "mel_band_roformer"
    code = published_code(f"{name}.{name}")
    known = {key: value for key, value in settings.items() if key not in {"sources", "segment", "zero_dc"}}
    known |= {"zero_dc": True} if published.kind == "bs" else {}
    klass = code.BSRoformer if published.kind == "bs" else code.MelBandRoformer
    expansion = published.mask_features // int(settings["dim"]) or 4
    # forks of the code do not count a mask's layers alike
    hidden = published.mask_layers - 1 if _counts_hidden_layers(code) else published.mask_layers
    with _replaced(code, "MaskEstimator", partial(code.MaskEstimator, mlp_expansion_factor=expansion)):
        module: torch.nn.Module = klass(**known, mask_estimator_depth=hidden, flash_attn=True)
    return module


def _counts_hidden_layers(code: Any) -> bool:  # noqa: ANN401 - a module without types
    mlp = code.MLP(1, 1, dim_hidden=1, depth=1)
    return sum(isinstance(layer, torch.nn.Linear) for layer in mlp) == 2


@contextmanager
def _replaced(owner: object, name: str, value: object) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def sized(name: str, segment: int | None) -> Published:
    """One of NETWORKS. segment: seconds, instead of the published length."""
    published = NETWORKS[name]
    if segment is None:
        return published
    return replace(published, settings={**published.settings, "segment": segment})


def _build_scnet(settings: Mapping[str, Any]) -> torch.nn.Module:
    known = {key: value for key, value in settings.items() if key != "segment"}
    module: torch.nn.Module = published_code("scnet.SCNet").SCNet(**known)
    return module


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
