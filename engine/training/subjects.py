"""What is trained, and for how long."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from training.model import SEGMENT_SAMPLES, demo
from training.small_models import small_roformer, small_scnet
from training.small_settings import ROFORMER_SAMPLES, SCNET_SAMPLES

WARM_UP_STEPS = 50


class Trainee(Protocol):
    """A network that learns. klass, kwargs: how the engine builds it."""

    @property
    def klass(self) -> str: ...

    @property
    def kwargs(self) -> Mapping[str, Any]: ...

    def learned(self) -> Iterable[Tensor]:
        """The weights that training changes."""

    def tensors(self) -> Mapping[str, Tensor]:
        """All weights by name."""

    def stems(self, mix: Tensor) -> Tensor:
        """(batch, channels=2, samples) to (batch, sources, channels=2, samples)."""

    def targets(self, stems: Tensor) -> Tensor:
        """(batch, stems=4, channels=2, samples) to the stems that the network makes."""


@dataclass(frozen=True)
class Cycle:
    """A phase of training: the rate warms up, stays at its peak, and falls linearly to zero."""

    steps: int
    decay_steps: int
    peak_rate: float

    def rate(self, step: int) -> float:
        """Learning rate at a step of this cycle."""
        return self.peak_rate * min(1.0, (step + 1) / WARM_UP_STEPS, (self.steps - step) / self.decay_steps)


def as_it_is(mix: Tensor, stems: Tensor) -> tuple[Tensor, Tensor]:
    return mix, stems


def at_one_level(mix: Tensor, stems: Tensor) -> tuple[Tensor, Tensor]:
    """Both divided by the standard deviation of the mix, as Demucs hears songs."""
    std = mix.mean(dim=1).std(dim=-1).clamp_min(1e-3)
    return mix / std[:, None, None], stems / std[:, None, None, None]


@dataclass(frozen=True)
class Subject:
    """A model to train.

    samples: of a training segment. songs: how many to render.
    cycles: warm restarts (Loshchilov and Hutter, 2017): each continues from the weights of the last one.
    as_heard: how songs are brought to the network, at separation time too.
    """

    name: str
    build: Callable[[], Trainee]
    samples: int
    songs: int
    cycles: tuple[Cycle, ...]
    as_heard: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = field(default=as_it_is)

    @property
    def steps(self) -> int:
        return sum(cycle.steps for cycle in self.cycles)

    def rate_of(self, step: int) -> float:
        """Learning rate at a step of the whole training."""
        for cycle in self.cycles:
            if step < cycle.steps:
                return cycle.rate(step)
            step -= cycle.steps
        raise ValueError("the step lies behind the last cycle")


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject(
            "demo",
            demo,
            # short segments train faster, and the full-length model is within 0.2 dB of training on full ones
            samples=SEGMENT_SAMPLES // 6,
            songs=80,
            cycles=(Cycle(2_000, 1_200, 4e-3), Cycle(1_400, 1_200, 3e-3), Cycle(700, 650, 2.5e-3)),
            as_heard=at_one_level,
        ),
        Subject("demo_roformer", small_roformer, ROFORMER_SAMPLES, songs=40, cycles=(Cycle(900, 600, 2e-3),)),
        Subject("demo_scnet", small_scnet, SCNET_SAMPLES, songs=40, cycles=(Cycle(500, 350, 3e-3),)),
    )
}
