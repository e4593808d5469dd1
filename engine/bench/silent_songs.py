"""Measures what digital silence in a song costs: full-size htdemucs with random weights, on OpenVINO.

A song of which a half is silent, with the estimates of silent segments used again and without, in turns.

    python -m bench.silent_songs --seconds 60 --rounds 3
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

from bench.published_networks import NETWORKS
from bench.report import spread, write_line
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.common.wav import Samples
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import BackendSettings
from separation_engine.serving.constant_segments import ConstantSegments
from tests.model_files import FOUR
from tests.runs import make_model, make_request, run_one
from tests.sounds import RATE, song

ALWAYS_RUN = patch.object(ConstantSegments, "start", lambda _, network, *rest: network.start(*rest))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    half = round(options.seconds / 2 * RATE)
    mix = np.concatenate([song(half), np.zeros((2, half), np.float32)], 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        NETWORKS["htdemucs"].write(folder, "model")
        backend = OpenvinoBackend(BackendSettings("cpu", "fp32", folder / "cache"))
        network = read_folder(folder / "model", "model").read_weights(0).load(backend)
        model = make_model([network])

        def separate() -> tuple[dict[str, Samples], float]:
            request = make_request(folder, mix, stems=FOUR)
            began = time.process_time()
            stems, _ = run_one(model, request)
            return stems, time.process_time() - began

        ratios = []
        for _ in range(options.rounds):
            stems, seconds = separate()
            with ALWAYS_RUN:
                expected, seconds_before = separate()
            if any(not np.array_equal(stems[name], expected[name]) for name in FOUR):
                sys.exit("the bits differ")
            ratios.append(seconds / seconds_before)
        write_line(f"a song that is half silent takes {spread(ratios)} of its CPU time, with the same bits")


if __name__ == "__main__":
    main()
