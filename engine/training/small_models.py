"""The small models: a BS-RoFormer that makes vocals, and an SCNet that makes all four stems.

They train in the layers that the engine runs on GPUs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call

from separation_engine.architectures.roformer.description.inventory import inventory as of_roformer
from separation_engine.architectures.roformer.description.settings import BS, read_roformer_settings
from separation_engine.architectures.roformer.torch.layers import Roformer
from separation_engine.architectures.scnet.description.inventory import inventory as of_scnet
from separation_engine.architectures.scnet.description.settings import SCNET, read_scnet_settings
from separation_engine.architectures.scnet.torch.layers import Scnet
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.networks.architecture import NetworkSettings
from separation_engine.networks.inventory import Shape
from training.small_settings import ROFORMER_KWARGS, SCNET_KWARGS
from training.synthesis import STEMS

_MASK_FEATURES = 16


@dataclass(frozen=True)
class SmallModel:
    """A network of the engine's layers while it trains. weights: by their names in the file."""

    klass: str
    kwargs: Mapping[str, Any]
    module: torch.nn.Module
    weights: Mapping[str, Tensor]

    def learned(self) -> Iterable[Tensor]:
        return self.weights.values()

    def tensors(self) -> Mapping[str, Tensor]:
        return self.weights

    def stems(self, mix: Tensor) -> Tensor:
        # the layers keep their weights as buffers, in this order
        buffers = [name for name, _ in self.module.named_buffers()]
        stems: Tensor = functional_call(
            self.module, dict(zip(buffers, self.weights.values(), strict=False)), (mix,)
        )
        return stems

    def targets(self, stems: Tensor) -> Tensor:
        return stems[:, [STEMS.index(name) for name in self.kwargs["sources"]]]


def small_roformer() -> SmallModel:
    """An untrained RoFormer. Its weights depend on torch's global seed."""
    settings = read_roformer_settings(NetworkSettings(ARCHITECTURES[BS], (), ROFORMER_KWARGS))
    inventory = of_roformer(settings, mask_layers=2, mask_features=_MASK_FEATURES)
    # without the rotary rates, which are the usual ones
    weights = {name: values for name, values in _start(inventory) if not name.endswith("freqs")}
    return SmallModel(BS, ROFORMER_KWARGS, Roformer(settings, _arrays(weights)), weights)


def small_scnet() -> SmallModel:
    """An untrained SCNet. Its weights depend on torch's global seed."""
    settings = read_scnet_settings(NetworkSettings(ARCHITECTURES[SCNET], (), SCNET_KWARGS))
    weights = dict(_start(of_scnet(settings)))
    module = Scnet(settings, _arrays(weights))
    # LSTMs are modules of torch with weights of their own
    lstms = [part for part in module.modules() if isinstance(part, torch.nn.LSTM)]
    for index, lstm in enumerate(lstms):
        lstm.requires_grad_()
        name = f"separation_net.dp_modules.{index // 2}.lstm_layers.{index % 2}"
        weights.update({f"{name}.{part}": values for part, values in lstm.named_parameters()})
    return SmallModel(SCNET, SCNET_KWARGS, module, weights)


def _start(inventory: Iterator[tuple[str, Shape]]) -> Iterator[tuple[str, Tensor]]:
    """Norms that change nothing, biases of zero, and weights as torch's layers begin with."""
    for name, shape in inventory:
        if len(shape) > 1:
            bound = 1 / np.sqrt(np.prod(shape[1:]))
            yield name, torch.empty(shape).uniform_(-bound, bound).requires_grad_()
        else:
            yield name, (torch.zeros if "bias" in name else torch.ones)(shape).requires_grad_()


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}
