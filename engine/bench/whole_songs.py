"""Compares whole songs on full-size networks with random weights: the openvino backend against Demucs.

Prints a row per song: the largest error as a fraction of full scale, and the SNR against the stems of
Demucs in dB. A second run must give the same bits.

    python -m bench.whole_songs --models htdemucs htdemucs_6s htdemucs_ft --seconds 20 180
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from demucs.htdemucs import HTDemucs

from bench.report import write_line
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.checks.self_check import snr_db
from separation_engine.common.device import Precision
from separation_engine.common.errors import DeviceUnavailableError
from separation_engine.common.wav import Samples
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import BackendSettings
from separation_engine.separating.loaded_model import LoadedModel
from tests.model_files import FOUR, FULL, SIX
from tests.models import make_network, write_model
from tests.runs import make_model, make_request, run_one
from tests.sounds import RATE, song
from tests.stock import stock

ONE_HOT = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
SIX_SETTINGS = {**FULL, "bottom_channels": 0}
COLUMNS = "model         precision  seconds  largest error      dB  same bits again"


def main() -> None:
    options = parse_options()
    write_line(COLUMNS)
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            compare(name, Path(folder), options.seconds, options.precisions)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=["htdemucs", "htdemucs_6s", "htdemucs_ft"])
    parser.add_argument("--seconds", nargs="+", type=float, default=[20.0, 180.0])
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"])
    parser.set_defaults(models=["htdemucs"])
    return parser.parse_args()


def compare(name: str, folder: Path, seconds: Sequence[float], precisions: Sequence[Precision]) -> None:
    networks, sources, settings = make_networks(name)
    weights = ONE_HOT if len(networks) > 1 else None
    write_model(folder, name, networks, settings=settings, bag_weights=weights, checked=False)
    mixes = [song(round(length * RATE)) for length in seconds]
    expected = [stock(networks if weights else networks[0], mix, bag_weights=weights) for mix in mixes]
    del networks
    for precision in precisions:
        try:
            model = load(folder, name, precision)
        except DeviceUnavailableError as error:
            write_line(f"{name:<13} {precision:<9} {error}")
            continue
        for mix, stems in zip(mixes, expected, strict=True):
            found = separate(model, sources, mix, folder)
            again = separate(model, sources, mix, folder)
            write_line(
                f"{name:<13} {precision:<9} {mix.shape[1] / RATE:8.1f} {np.abs(found - stems).max():14.1e} "
                f"{snr_db(stems, found):7.1f}  {'yes' if np.array_equal(found, again) else 'NO'}"
            )
        for network in model.networks.values():
            network.close()


def make_networks(name: str) -> tuple[list[HTDemucs], list[str], dict[str, object]]:
    """Networks, sources and settings of the architecture that is published under this name."""
    sources, settings = (SIX, SIX_SETTINGS) if name == "htdemucs_6s" else (FOUR, FULL)
    count = 4 if name == "htdemucs_ft" else 1
    return [make_network(HTDemucs, sources, settings, seed) for seed in range(count)], sources, settings


def load(folder: Path, name: str, precision: Precision) -> LoadedModel:
    """Raises DeviceUnavailableError if the CPU lacks this precision."""
    backend = OpenvinoBackend(BackendSettings("cpu", precision, folder / "cache"))
    bag = read_folder(folder / name, name)
    networks = [bag.read_weights(index).load(backend) for index in range(len(bag.signatures))]
    return make_model(networks, name, bag.bag_weights.tolist())


def separate(model: LoadedModel, sources: Sequence[str], mix: Samples, folder: Path) -> Samples:
    """(sources, channels=2, samples)."""
    request = make_request(folder / "run", mix, model=model.name, stems=sources)
    stems, _ = run_one(model, request)
    shutil.rmtree(folder / "run")
    return np.stack([stems[source] for source in sources])


if __name__ == "__main__":
    main()
