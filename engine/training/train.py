"""Trains the demo model: `python -m training.train --work FOLDER --output FOLDER`.

The same seed, step count, thread count, library versions and kind of CPU give the same
weights; another CPU or torch may round differently. A checkpoint lets a run go on after
a stop with the result of an unbroken one, because each batch depends on its step alone.
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
# short segments teach more for their cost, and the model separates in its full ones within 0.2 dB as well
TRAINING_SAMPLES = SEGMENT_SAMPLES // 6
CHECKPOINT_EVERY = 100
WARM_UP_STEPS = 50

log = logging.getLogger("training")


@dataclass(frozen=True)
class Plan:
    """How a run trains; two runs of one plan give one result."""

    steps: int
    decay_steps: int
    songs: int
    peak_rate: float
    threads: int

    def rate(self, step: int) -> float:
        """Learning rate: a short warm-up, a constant, and at the end a straight line to zero.

        Until the line starts it does not depend on the number of steps, so that a run can be
        stopped, lengthened or cut short without starting again.
        """
        return self.peak_rate * min(1.0, (step + 1) / WARM_UP_STEPS, (self.steps - step) / self.decay_steps)


def train(plan: Plan, folder: Path) -> HTDemucs:
    """Train from the seed, or go on from the checkpoint in `folder` where there is one."""
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)
    model = build_model()
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99))
    song_seeds = range(FIRST_SONG_SEED, FIRST_SONG_SEED + plan.songs)
    pool = Pool.render(SEED, song_seeds, folder / "songs")
    checkpoint = folder / "checkpoint.pt"
    first = _resume(model, optimizer, checkpoint)
    log.info("%d songs rendered, training from step %d of %d", plan.songs, first, plan.steps)
    started, recent = time.monotonic(), 0.0
    for step in range(first, plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate(step)
        mix, stems = pool.example(step, TRAINING_SAMPLES)
        loss = error_of(model(mix), stems)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        recent += (float(loss.detach()) - recent) / min(step - first + 1, 50)
        if (step + 1) % CHECKPOINT_EVERY == 0:
            seconds = (time.monotonic() - started) / (step + 1 - first)
            log.info("step %d: loss %.4f, %.2f s a step", step + 1, recent, seconds)
            _save(model, optimizer, step + 1, checkpoint)
    return model


def error_of(estimates: Tensor, stems: Tensor) -> Tensor:
    """Mean absolute error over stems, channels and samples, as Demucs trains with."""
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
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered songs and checkpoint")
    parser.add_argument("--output", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--steps", type=int, default=4_000)
    parser.add_argument("--decay-steps", type=int, default=1_600)
    parser.add_argument("--songs", type=int, default=80)
    parser.add_argument("--peak-rate", type=float, default=4e-3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    plan = Plan(
        steps=options.steps,
        decay_steps=options.decay_steps,
        songs=options.songs,
        peak_rate=options.peak_rate,
        threads=options.threads,
    )
    model = train(plan, options.work)
    log.info("wrote %s", export_model(model, options.output))


if __name__ == "__main__":
    main()
