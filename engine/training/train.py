"""Trains a model: `python -m training.train MODEL --work FOLDER --output FOLDER`.

Uninterrupted runs with the same library versions on the same kind of CPU give bit-identical weights. Another
CPU or torch version may round differently. A resumed run sees the same batches, but its last bits may differ.
"""

import argparse
import logging
import time
from pathlib import Path

import torch
from torch import Tensor

from training.export import export_model
from training.pool import Pool
from training.subjects import SUBJECTS, Subject, Trainee

SEED = 20_261_123
FIRST_SONG_SEED = 1_000
# a single thread sums in a fixed order, and suffers least from other load
THREADS = 1
CHECKPOINT_EVERY = 100

log = logging.getLogger("training")


def train(subject: Subject, folder: Path) -> Trainee:
    """Train from the seed, or resume from the checkpoint in `folder`."""
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)
    trainee = subject.build()
    learned = list(trainee.learned())
    optimizer = torch.optim.Adam(learned, betas=(0.9, 0.99))
    song_seeds = range(FIRST_SONG_SEED, FIRST_SONG_SEED + subject.songs)
    pool = Pool.render(SEED, song_seeds, folder / "songs")
    checkpoint = folder / f"{subject.name}.pt"
    first = _resume(learned, optimizer, checkpoint)
    log.info("%d songs rendered, training from step %d of %d", subject.songs, first, subject.steps)
    started, recent = time.monotonic(), 0.0
    for step in range(first, subject.steps):
        for group in optimizer.param_groups:
            group["lr"] = subject.rate_of(step)
        mix, stems = subject.as_heard(*pool.example(step, subject.samples))
        loss = error_of(trainee.stems(mix), trainee.targets(stems))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(learned, 5.0)
        optimizer.step()
        recent += (float(loss.detach()) - recent) / min(step - first + 1, 50)
        if (step + 1) % CHECKPOINT_EVERY == 0:
            seconds = (time.monotonic() - started) / (step + 1 - first)
            log.info("step %d: loss %.4f, %.2f s per step", step + 1, recent, seconds)
            _save(learned, optimizer, step + 1, checkpoint)
    return trainee


def error_of(estimates: Tensor, stems: Tensor) -> Tensor:
    """Mean absolute error over stems, channels and samples: the training loss of Demucs."""
    error: Tensor = (estimates - stems).abs().mean()
    return error


def _resume(learned: list[Tensor], optimizer: torch.optim.Adam, checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    with torch.no_grad():
        for tensor, stored in zip(learned, state["learned"], strict=True):
            tensor.copy_(stored)
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _save(learned: list[Tensor], optimizer: torch.optim.Adam, step: int, checkpoint: Path) -> None:
    temporary = checkpoint.with_suffix(".part")
    torch.save({"learned": learned, "optimizer": optimizer.state_dict(), "step": step}, temporary)
    temporary.replace(checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=sorted(SUBJECTS))
    parser.add_argument("--work", type=Path, required=True, help="folder for songs and the checkpoint")
    parser.add_argument("--output", type=Path, required=True, help="folder for the weights")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    trainee = train(SUBJECTS[options.model], options.work)
    log.info("wrote %s", export_model(options.model, trainee, options.output))


if __name__ == "__main__":
    main()
