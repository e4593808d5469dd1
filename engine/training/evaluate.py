"""Evaluates the demo model on held-out songs: `python -m training.evaluate`.

SDR is 10 log10(energy of the stem / energy of the error) over a whole song and both channels. The improvement
is relative to using the mix itself as the estimate.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from demucs.apply import BagOfModels, apply_model

from training.export import load_bag
from training.synthesis import STEMS, Audio, compose, mix_of, render_stems

MODEL_FOLDER = Path(__file__).parents[1] / "src" / "separation_engine" / "demo_model"
# far from the training seeds, which start at 1,000
HELD_OUT_SEEDS = (900_001, 900_002, 900_003, 900_004)
SONG_SECONDS = 20.0


@dataclass(frozen=True)
class Score:
    """Scores of one stem in dB, averaged over songs."""

    stem: str
    sdr: float
    improvement: float


def sdr(stem: Audio, estimate: Audio) -> float:
    """Signal-to-distortion ratio of an estimate in dB; infinite if it is exact."""
    signal = float(np.sum(np.square(stem, dtype=np.float64)))
    error = float(np.sum(np.square(stem.astype(np.float64) - estimate)))
    return float("inf") if error == 0.0 else 10.0 * float(np.log10(signal / error))


def separate(bag: BagOfModels, mix: Audio) -> Audio:
    """Stems (4, 2, samples) of a mix (2, samples), normalized like in Demucs."""
    song = torch.from_numpy(mix)
    reference = song.mean(dim=0)
    mean, std = reference.mean(), reference.std()
    estimates = apply_model(bag, ((song - mean) / std)[None], shifts=0)[0]
    stems: Audio = (estimates * std + mean).numpy()
    return stems


def measure(bag: BagOfModels, seeds: tuple[int, ...], seconds: float) -> list[Score]:
    """Scores of all stems, averaged over the songs with these seeds."""
    figures: dict[str, list[tuple[float, float]]] = {stem: [] for stem in STEMS}
    for seed in seeds:
        stems = render_stems(compose(seed, seconds))
        mix = mix_of(stems)
        for name, stem, estimate in zip(STEMS, stems, separate(bag, mix), strict=True):
            reached = sdr(stem, estimate)
            figures[name].append((reached, reached - sdr(stem, mix)))
    means = {name: np.mean(rows, axis=0) for name, rows in figures.items()}
    return [Score(name, float(mean[0]), float(mean[1])) for name, mean in means.items()]


def table_of(scores: list[Score]) -> str:
    """The scores as a Markdown table, with the mean in the last row."""
    sdr_mean, improvement_mean = np.mean([(score.sdr, score.improvement) for score in scores], axis=0)
    rows = [*scores, Score("mean", float(sdr_mean), float(improvement_mean))]
    lines = ["| stem | SDR, dB | over the mix, dB |", "|---|---|---|"]
    lines += [f"| {row.stem} | {row.sdr:.1f} | {row.improvement:.1f} |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--seconds", type=float, default=SONG_SECONDS)
    options = parser.parse_args()
    bag = load_bag(options.model)
    sys.stdout.write(table_of(measure(bag, HELD_OUT_SEEDS, options.seconds)) + "\n")


if __name__ == "__main__":
    main()
