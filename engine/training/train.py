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
CHECKPOINT_EVERY = 100
WARM_UP_STEPS = 50
# errors more than 30 dB below the mix count no further, which also gives silent stems a goal
ERROR_FLOOR = 1e-3

log = logging.getLogger("training")


@dataclass(frozen=True)
class Plan:
    """How a run trains; two runs of one plan give one result.

    Short segments, a sixth of the model's own, teach most for their cost; the full ones at the
    end fit it to the length that it separates in. The drums start quiet, because the pitched stems
    are the hard ones to tell apart.
    """

    short_steps: int
    quiet_drum_steps: int
    full_steps: int
    decay_steps: int
    songs: int
    peak_rate: float
    threads: int

    @property
    def steps(self) -> int:
        return self.short_steps + self.full_steps

    def segment_samples(self, step: int) -> int:
        return SEGMENT_SAMPLES // 6 if step < self.short_steps else SEGMENT_SAMPLES

    def drum_gain(self, step: int) -> float:
        return 0.5 if step < self.quiet_drum_steps else 1.0

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
        mix, stems = pool.example(step, plan.segment_samples(step), plan.drum_gain(step))
        loss = negative_snr(model(mix), stems, mix)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        recent += (float(loss.detach()) - recent) / min(step - first + 1, 50)
        if (step + 1) % CHECKPOINT_EVERY == 0:
            seconds = (time.monotonic() - started) / (step + 1 - first)
            log.info("step %d: loss %.2f dB, %.2f s a step", step + 1, recent, seconds)
            _save(model, optimizer, step + 1, checkpoint)
    return model


def negative_snr(estimates: Tensor, stems: Tensor, mix: Tensor) -> Tensor:
    """Mean error of the stems against the mix, in decibels, with a floor.

    After the thresholded SNR of Wisdom et al., 2020 (MixIT), with the mix as reference.
    """
    error = (estimates - stems).square().mean(dim=(2, 3))
    # a cut can fall into a rest of all stems, where any small error must not count as infinite
    power = mix.square().mean(dim=(1, 2)).clamp_min(1e-2)[:, None]
    decibels: Tensor = 10.0 * torch.log10(error / power + ERROR_FLOOR)
    return decibels.mean()


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
    parser.add_argument("--short-steps", type=int, default=4_300)
    parser.add_argument("--quiet-drum-steps", type=int, default=2_000)
    parser.add_argument("--full-steps", type=int, default=120)
    parser.add_argument("--decay-steps", type=int, default=2_400)
    parser.add_argument("--songs", type=int, default=96)
    parser.add_argument("--peak-rate", type=float, default=4e-3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    plan = Plan(
        short_steps=options.short_steps,
        quiet_drum_steps=options.quiet_drum_steps,
        full_steps=options.full_steps,
        decay_steps=options.decay_steps,
        songs=options.songs,
        peak_rate=options.peak_rate,
        threads=options.threads,
    )
    model = train(plan, options.work)
    log.info("wrote %s", export_model(model, options.output))


if __name__ == "__main__":
    main()
