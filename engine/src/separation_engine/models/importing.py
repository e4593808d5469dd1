"""Turns a checkpoint of somebody else's training into a model folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from separation_engine.common.errors import ModelNotInstalledError, UnknownModelError, WeightsMismatchError
from separation_engine.models.catalogue import KNOWN_MODELS, OPERATORS_OWN
from separation_engine.models.checkpoint.archive import read_checkpoint
from separation_engine.models.checkpoint.training_config import read_training_config
from separation_engine.models.folder import check_name, hash_file, hash_files, write_record
from separation_engine.models.known_recipes import known_recipes
from separation_engine.models.lock import PARTIAL_FOLDER
from separation_engine.models.origin import Origin, write_origin
from separation_engine.networks.architecture import NetworkSettings

_SIGNATURE_DIGITS = 8


def import_model(checkpoint: Path, config: Path, name: str, models_dir: Path) -> Path:
    """Write the folder `models_dir/name`, whole or not at all.

    checkpoint: .safetensors, or a file of `torch.save`, of which nothing is run. config: the training code's
    YAML file. Raises WeightsMismatchError, UnknownModelError, ModelNotInstalledError.
    """
    check_name(name)
    if name in KNOWN_MODELS or name in known_recipes():
        raise UnknownModelError(f"{name} is a published model or a recipe: choose another name")
    place = models_dir / name
    if place.exists():
        raise ModelNotInstalledError(f"{place} exists already: remove it, or choose another name")
    network = read_training_config(config).network
    tensors = _read_tensors(checkpoint)
    network.architecture.check(network, tensors)
    unfinished = models_dir / PARTIAL_FOLDER / name
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        sources = {"checkpoint": checkpoint.name, "config": config.name}
        _write(network, tensors, unfinished, name, sources)
        return unfinished.rename(place)
    except OSError as error:
        raise ModelNotInstalledError(f"{name} could not be written to {models_dir}: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _read_tensors(path: Path) -> dict[str, NDArray[np.generic]]:
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError, KeyError) as error:
            raise WeightsMismatchError(f"{path.name} is not a readable safetensors file: {error}") from error
    return read_checkpoint(path)


def _write(
    network: NetworkSettings,
    tensors: Mapping[str, NDArray[np.generic]],
    folder: Path,
    name: str,
    sources: Mapping[str, str],
) -> None:
    weights = folder / "weights.safetensors"
    metadata = {
        "klass": network.architecture.klass,
        "args": json.dumps([*network.args]),
        "kwargs": json.dumps(network.kwargs, default=_encode_fraction),
    }
    save_file(dict(tensors), weights, metadata)
    signature = hash_file(weights)[:_SIGNATURE_DIGITS]
    weights.rename(folder / f"{signature}.safetensors")
    (folder / f"{name}.yaml").write_text(yaml.safe_dump({"models": [signature]}), "utf-8")
    hashes = hash_files(folder, name)
    write_record(folder, hashes)
    write_origin(folder, name, Origin("import", OPERATORS_OWN, details=sources), hashes)


def _encode_fraction(value: object) -> dict[str, object]:
    if not isinstance(value, Fraction):
        raise WeightsMismatchError(f"a setting has the type {type(value).__name__}")
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
