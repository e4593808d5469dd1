"""Makes full-size models with random weights, in our layout and in the stock command's.

`python bench/random_model.py FOLDER htdemucs htdemucs_ft` writes FOLDER/models/NAME for MODELS_DIR, and
FOLDER/stock for `demucs --repo FOLDER/stock -n NAME`. The values do not change the work of a separation.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file
from separation_engine.models.folder import hash_files, write_record

SEGMENT = Fraction(39, 5)
# where the published models differ from the class's defaults
SETTINGS = {
    "t_layers": 5,
    "t_layer_scale": True,
    "bottom_channels": 512,
    "samplerate": 44100,
    "dconv_mode": 3,
    "t_sparse_self_attn": False,
}
# for dry runs of benchmarks
TINY = {"channels": 4, "bottom_channels": 32, "t_layers": 1, "t_heads": 4, "dconv_comp": 4}
FOUR = ["drums", "bass", "other", "vocals"]
SOURCES = {"htdemucs": FOUR, "htdemucs_ft": FOUR, "htdemucs_6s": [*FOUR, "guitar", "piano"], "tiny": FOUR}
SIGNATURES = {
    "htdemucs": ["955717e8"],
    "htdemucs_ft": ["f7e0c4bc", "d12395a8", "92cfc3b6", "04573f0d"],
    "htdemucs_6s": ["5c90dfd2"],
    "tiny": ["00000001"],
}


def settings_of(name: str) -> dict[str, object]:
    return {**SETTINGS, **(TINY if name == "tiny" else {})}


def build(signature: str, sources: list[str], settings: Mapping[str, object] = SETTINGS) -> HTDemucs:
    """Returns random weights. Scales that start near zero become as large as a trained model's."""
    torch.manual_seed(int(signature, 16))
    model: HTDemucs = HTDemucs(sources, **settings, segment=SEGMENT)
    model.eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".scale"):
                parameter.uniform_(0.1, 0.5)
    return model


def write_ours(model: HTDemucs, settings: dict[str, object], signature: str, folder: Path) -> None:
    segment = {"_type": "fraction", "numerator": SEGMENT.numerator, "denominator": SEGMENT.denominator}
    metadata = {
        "klass": "demucs.htdemucs.HTDemucs",
        "args": json.dumps([model.sources]),
        "kwargs": json.dumps({**settings, "segment": segment}),
    }
    save_file(model.state_dict(), folder / f"{signature}.safetensors", metadata)


def write_stock(model: HTDemucs, settings: dict[str, object], signature: str, folder: Path) -> None:
    """Writes a package named by its checksum: the stock command finds no other local weights."""
    package = {
        "klass": HTDemucs,
        "args": [model.sources],
        "kwargs": {**settings, "segment": SEGMENT},
        "state": model.state_dict(),
    }
    partial = folder / "partial"
    torch.save(package, partial)
    checksum = hashlib.sha256(partial.read_bytes()).hexdigest()[:8]
    partial.rename(folder / f"{signature}-{checksum}.th")


def bag(name: str) -> str:
    """Returns the yaml of a model. Each network of htdemucs_ft makes one stem."""
    signatures = SIGNATURES[name]
    lines = [f"models: {signatures}"]
    if len(signatures) > 1:
        lines.append(f"weights: {[[float(row == column) for column in range(4)] for row in range(4)]}")
    return "\n".join(lines) + "\n"


def main() -> None:
    folder = Path(sys.argv[1])
    stock = folder / "stock"
    stock.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        ours = folder / "models" / name
        ours.mkdir(parents=True, exist_ok=True)
        for signature in SIGNATURES[name]:
            settings = settings_of(name)
            model = build(signature, SOURCES[name], settings)
            write_ours(model, settings, signature, ours)
            write_stock(model, settings, signature, stock)
        for target in (ours, stock):
            (target / f"{name}.yaml").write_text(bag(name), encoding="utf-8")
        write_record(ours, hash_files(ours, name))


if __name__ == "__main__":
    main()
