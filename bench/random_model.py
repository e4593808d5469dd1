"""Makes a full-size htdemucs with random weights, in our layout and in that of the stock command.

`python bench/random_model.py FOLDER` writes FOLDER/models/htdemucs for MODELS_DIR, and FOLDER/stock for
`demucs --repo FOLDER/stock -n htdemucs`. The work of a separation does not depend on the weights' values.
"""

import hashlib
import json
import sys
from fractions import Fraction
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file
from separation_engine.models.folder import hash_files, write_record

NAME = "htdemucs"
SIGNATURE = "955717e8"
SEED = 0
SEGMENT = Fraction(39, 5)
# the settings of the published model where they differ from the class's defaults
SETTINGS = {
    "t_layers": 5,
    "t_layer_scale": True,
    "bottom_channels": 512,
    "samplerate": 44100,
    "dconv_mode": 3,
    "t_sparse_self_attn": False,
}
SOURCES = ["drums", "bass", "other", "vocals"]


def build() -> HTDemucs:
    """Random weights; scales that start near zero are made as large as those of a trained model."""
    torch.manual_seed(SEED)
    model: HTDemucs = HTDemucs(SOURCES, **SETTINGS, segment=SEGMENT)
    model.eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".scale"):
                parameter.uniform_(0.1, 0.5)
    return model


def write_ours(model: HTDemucs, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    segment = {"_type": "fraction", "numerator": SEGMENT.numerator, "denominator": SEGMENT.denominator}
    metadata = {
        "klass": "demucs.htdemucs.HTDemucs",
        "args": json.dumps([SOURCES]),
        "kwargs": json.dumps({**SETTINGS, "segment": segment}),
    }
    save_file(model.state_dict(), folder / f"{SIGNATURE}.safetensors", metadata)
    (folder / f"{NAME}.yaml").write_text(f"models: ['{SIGNATURE}']\n", encoding="utf-8")
    write_record(folder, hash_files(folder, NAME))


def write_stock(model: HTDemucs, folder: Path) -> None:
    """The stock command finds local weights only as a package of its own, named by its checksum."""
    folder.mkdir(parents=True, exist_ok=True)
    package = {
        "klass": HTDemucs,
        "args": [SOURCES],
        "kwargs": {**SETTINGS, "segment": SEGMENT},
        "state": model.state_dict(),
    }
    partial = folder / "partial"
    torch.save(package, partial)
    checksum = hashlib.sha256(partial.read_bytes()).hexdigest()[:8]
    partial.rename(folder / f"{SIGNATURE}-{checksum}.th")
    (folder / f"{NAME}.yaml").write_text(f"models: ['{SIGNATURE}']\n", encoding="utf-8")


def main() -> None:
    folder = Path(sys.argv[1])
    model = build()
    write_ours(model, folder / "models" / NAME)
    write_stock(model, folder / "stock")


if __name__ == "__main__":
    main()
