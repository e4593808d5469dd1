"""Writes a trained model in the layout of the Demucs hub, and reads it back.

The folder holds the bag `<name>.yaml`, the weights `<signature>.safetensors`, and their hashes, which the
engine verifies. The metadata of the weights says how to build the model (see
`demucs.hf.load_safetensors_model`).
"""

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import torch
import yaml
from demucs.apply import BagOfModels
from demucs.hf import load_safetensors_model
from safetensors.torch import save

from training.subjects import Trainee


def export_model(name: str, model: Trainee, folder: Path) -> Path:
    """Write the weights in half precision, the bag and the hashes. Returns the path of the weights.

    The signature is the start of the file's sha256. Deletes the weights of earlier exports.
    """
    tensors = {
        name: tensor.detach().to(torch.float16).contiguous() for name, tensor in model.tensors().items()
    }
    metadata = {
        "klass": model.klass,
        "args": json.dumps([]),
        "kwargs": json.dumps(model.kwargs, default=_encode_fraction),
    }
    content = save(tensors, metadata)
    signature = hashlib.sha256(content).hexdigest()[:8]
    files = {f"{name}.yaml": f"models: ['{signature}']\n".encode(), f"{signature}.safetensors": content}
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.safetensors"):
        earlier.unlink()
    for file, data in files.items():
        (folder / file).write_bytes(data)
    hashes = [f"{hashlib.sha256(data).hexdigest()}  {file}\n" for file, data in files.items()]
    (folder / "SHA256SUMS").write_text("".join(hashes), encoding="utf-8")
    return folder / f"{signature}.safetensors"


def load_bag(folder: Path, name: str = "demo") -> BagOfModels:
    """The folder's bag of Demucs models, loaded like Demucs does from the hub."""
    bag = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    models = [load_safetensors_model(folder / f"{name}.safetensors") for name in bag["models"]]
    return BagOfModels(models, bag.get("weights"), bag.get("segment"))


def _encode_fraction(value: object) -> dict[str, int | str]:
    if not isinstance(value, Fraction):
        raise TypeError(f"the metadata cannot hold {value!r}")
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
