"""Trains the demo model: `python -m training.train --work FOLDER --output FOLDER`.

Uninterrupted runs with the same library versions on the same kind of CPU give bit-identical weights. Another
CPU or torch version may round differently. A resumed run sees the same batches, but its last bits may differ.
"""

import argparse
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs
from torch import Tensor

from training.export import export_model
from training.model import SEGMENT_SAMPLES, build_model
from training.pool import Pool

SEED = 20_261_123
FIRST_SONG_SEED = 1_000
SONGS = 80
# a single thread sums in a fixed order, and suffers least from other load
THREADS = 1
# short segments train faster, and the full-length model is within 0.2 dB of training on full segments
TRAINING_SAMPLES = SEGMENT_SAMPLES // 6
CHECKPOINT_EVERY = 100
WARM_UP_STEPS = 50

log = logging.getLogger("training")


@dataclass(frozen=True)
class Cycle:
    """A phase of training: the rate warms up, stays at its peak, and falls linearly to zero."""

    steps: int
    decay_steps: int
    peak_rate: float

    def rate(self, step: int) -> float:
        """Learning rate at a step of this cycle."""
        return self.peak_rate * min(1.0, (step + 1) / WARM_UP_STEPS, (self.steps - step) / self.decay_steps)


# warm restarts (Loshchilov and Hutter, 2017): each cycle continues from the weights of the last one
CYCLES = (Cycle(2_000, 1_200, 4e-3), Cycle(1_400, 1_200, 3e-3), Cycle(700, 650, 2.5e-3))


def rate_of(step: int) -> float:
    """Learning rate at a step of the whole training."""
    for cycle in CYCLES:
        if step < cycle.steps:
            return cycle.rate(step)
        step -= cycle.steps
    raise ValueError("the step lies behind the last cycle")


def train(folder: Path) -> HTDemucs:
    """Train from the seed, or resume from the checkpoint in `folder`."""
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)
    model = build_model()
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99))
    song_seeds = range(FIRST_SONG_SEED, FIRST_SONG_SEED + SONGS)
    pool = Pool.render(SEED, song_seeds, folder / "songs")
    checkpoint = folder / "checkpoint.pt"
    first = _resume(model, optimizer, checkpoint)
    steps = sum(cycle.steps for cycle in CYCLES)
    log.info("%d songs rendered, training from step %d of %d", SONGS, first, steps)
    started, recent = time.monotonic(), 0.0
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_of(step)
        mix, stems = pool.example(step, TRAINING_SAMPLES)
        loss = error_of(model(mix), stems)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        recent += (float(loss.detach()) - recent) / min(step - first + 1, 50)
        if (step + 1) % CHECKPOINT_EVERY == 0:
            seconds = (time.monotonic() - started) / (step + 1 - first)
            log.info("step %d: loss %.4f, %.2f s per step", step + 1, recent, seconds)
            _save(model, optimizer, step + 1, checkpoint)
    return model


def error_of(estimates: Tensor, stems: Tensor) -> Tensor:
    """Mean absolute error over stems, channels and samples: the training loss of Demucs."""
    error: Tensor = (estimates - stems).abs().mean()
    return error


def _resume(model: HTDemucs, optimizer: torch.optim.Adam, checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _save(model: HTDemucs, optimizer: torch.optim.Adam, step: int, checkpoint: Path) -> None:
    temporary = checkpoint.with_suffix(".part")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, temporary)
    temporary.replace(checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for songs and the checkpoint")
    parser.add_argument("--output", type=Path, required=True, help="folder for the weights")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    model = train(options.work)
    log.info("wrote %s", export_model(model, options.output))


if __name__ == "__main__":
    main()
