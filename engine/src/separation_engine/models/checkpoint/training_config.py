"""Reads the YAML files of the code that most networks are trained with: whose weights a checkpoint holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.common.errors import WeightsMismatchError
from separation_engine.networks.architecture import NetworkSettings

_MAX_BYTES = 1 << 20
# settings that only one class has
_CLASS_OF = {
    "freqs_per_bands": "bs_roformer.BSRoformer",
    "num_bands": "bs_roformer.MelBandRoformer",
    "band_SR": "scnet.SCNet",
}
# of training only, or told by the tensors: they do not change what a trained network computes
_TRAINING = (
    "attn_dropout",
    "ff_dropout",
    "flash_attn",
    "sage_attention",
    "use_torch_checkpoint",
    "dim_freqs_in",
    "mlp_expansion_factor",
    "mask_estimator_depth",
    "match_input_audio_length",
    "sample_rate",
)
_STEM = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_TRAINING_PREFIX = "multi_stft_"


class _Loader(yaml.SafeLoader):
    """Reads tuples as lists, and refuses aliases: a small file with them can describe a huge document."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not supported")
        return super().compose_node(parent, index)


def _list(loader: yaml.SafeLoader, node: yaml.Node) -> list[object]:
    if not isinstance(node, yaml.SequenceNode):
        raise yaml.YAMLError("a tuple is not a sequence")
    found: list[object] = loader.construct_sequence(node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:python/tuple", _list)


@dataclass(frozen=True)
class TrainingConfig:
    """Sections of the file. Raises WeightsMismatchError if one is missing or malformed."""

    audio: Mapping[str, Any]
    model: Mapping[str, Any]
    training: Mapping[str, Any]
    inference: Mapping[str, Any]

    @property
    def klass(self) -> str:
        """The class of the network, by the settings that only it has."""
        found = [klass for name, klass in _CLASS_OF.items() if name in self.model]
        if len(found) != 1:
            names = " or ".join(_CLASS_OF)
            raise WeightsMismatchError(f"the configuration is of an unknown kind of network: no {names}")
        return found[0]

    @property
    def network(self) -> NetworkSettings:
        """As the weights' metadata will have them. Raises WeightsMismatchError for what no runtime builds."""
        if self.inference.get("normalize"):
            raise WeightsMismatchError("networks for songs of one level (normalize) are not supported")
        kept = {
            name: value
            for name, value in self.model.items()
            if name not in _TRAINING and not name.startswith(_TRAINING_PREFIX)
        }
        architecture = ARCHITECTURES[self.klass]
        rate = _number(self.audio, "sample_rate", 44_100)
        chunk = _number(self.inference, "chunk_size", 0) or _number(self.audio, "chunk_size", 0)
        # only RoFormers need whole hops
        hop = 1 if "hop_size" in self.model else _number(self.model, "stft_hop_length", 512)
        if rate < 1 or hop < 1 or chunk < hop:
            raise WeightsMismatchError("the configuration has no usable chunk_size, hop or sample rate")
        segment = Fraction(chunk // hop * hop, rate)
        facts = {"sources": self._sources(), "samplerate": rate, "segment": segment}
        network = NetworkSettings(architecture, (), {**kept, **facts})
        reasons = [network.refusal(runtime) for runtime in network.architecture.builders]
        if all(reasons):
            raise WeightsMismatchError(str(reasons[0]))
        return network

    def _sources(self) -> list[str]:
        target, all_of_them = self.training.get("target_instrument"), self.training.get("instruments")
        names = [target] if target else all_of_them
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise WeightsMismatchError("the configuration names no instruments")
        lowered = [name.lower() for name in names]
        if len(set(lowered)) != len(lowered) or not all(map(_STEM.fullmatch, lowered)):
            raise WeightsMismatchError(f"the instruments {names} cannot be names of stems")
        return lowered


def read_training_config(path: Path) -> TrainingConfig:
    """Raises WeightsMismatchError, which says what is wrong."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise WeightsMismatchError(f"{path.name} is over {_MAX_BYTES >> 20} MiB")
        content = _Loader(path.read_text("utf-8")).get_single_data()
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise WeightsMismatchError(f"{path.name} is not a readable configuration: {error}") from error
    sections = content if isinstance(content, dict) else {}
    found = {name: sections.get(name, {}) for name in ("audio", "model", "training", "inference")}
    for name, section in found.items():
        if not isinstance(section, dict) or not all(isinstance(key, str) for key in section):
            raise WeightsMismatchError(f"{path.name} has a malformed section {name}")
    return TrainingConfig(**found)


def _number(section: Mapping[str, Any], name: str, default: int) -> int:
    value = section.get(name, default)
    if type(value) is not int:
        raise WeightsMismatchError(f"{name} in the configuration is not a whole number: {value!r}")
    return value
