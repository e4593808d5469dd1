"""Which tensors an SCNet has, and their shapes."""

from __future__ import annotations

from collections.abc import Iterator

from separation_engine.architectures.scnet.description.settings import ScnetSettings
from separation_engine.networks.inventory import Shape, layer_shapes

# of the convolution over all bands
_ACROSS = 3
# of a step of an LSTM: input, forget, cell and output
_GATES = 4


def inventory(settings: ScnetSettings) -> Iterator[tuple[str, Shape]]:
    """Name and shape of each tensor."""
    features = settings.features
    for index, bands in enumerate(settings.layers):
        name, width = f"encoder.{index}", features[index + 1]
        for position, band in enumerate(bands):
            shape = (width, features[index], band.kernel, 1)
            yield from layer_shapes(f"{name}.SDlayer.convs.{position}", shape)
            for depth in range(band.depth):
                branch = f"{name}.conv_modules.{position}.layers.{depth}"
                yield from _branch(branch, width, settings.hidden[index], settings.kernel)
        yield from layer_shapes(f"{name}.globalconv", (width, width, _ACROSS, _ACROSS))
    for index in range(settings.paths):
        # every other layer sees real and imaginary parts
        width = features[-1] * (1 + index % 2)
        yield from _path(f"separation_net.dp_modules.{index}", width, width * settings.widening)
    for index, bands in enumerate(reversed(settings.layers)):
        place = len(settings.layers) - index
        width = features[place]
        outputs = features[place - 1] * (len(settings.sources) if place == 1 else 1)
        yield from layer_shapes(f"decoder.{index}.0.conv", (2 * width, 2 * width, _ACROSS, _ACROSS))
        for position, band in enumerate(bands):
            name = f"decoder.{index}.1.convtrs.{position}"
            yield f"{name}.weight", (width, outputs, band.kernel, 1)
            yield f"{name}.bias", (outputs,)


def _branch(name: str, width: int, hidden: int, kernel: int) -> Iterator[tuple[str, Shape]]:
    yield from layer_shapes(f"{name}.0", (width,))
    yield from layer_shapes(f"{name}.1", (2 * hidden, width, kernel))
    yield from layer_shapes(f"{name}.3", (hidden, 1, kernel))
    yield from layer_shapes(f"{name}.4", (hidden,))
    yield from layer_shapes(f"{name}.6", (width, hidden, 1))


def _path(name: str, width: int, hidden: int) -> Iterator[tuple[str, Shape]]:
    for axis in range(2):
        for end in ("", "_reverse"):
            lstm = f"{name}.lstm_layers.{axis}"
            yield f"{lstm}.weight_ih_l0{end}", (_GATES * hidden, width)
            yield f"{lstm}.weight_hh_l0{end}", (_GATES * hidden, hidden)
            yield f"{lstm}.bias_ih_l0{end}", (_GATES * hidden,)
            yield f"{lstm}.bias_hh_l0{end}", (_GATES * hidden,)
        yield from layer_shapes(f"{name}.linear_layers.{axis}", (width, 2 * hidden))
        yield from layer_shapes(f"{name}.norm_layers.{axis}", (width,))
