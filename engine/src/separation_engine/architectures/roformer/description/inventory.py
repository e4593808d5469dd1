"""Which tensors a RoFormer has, and their shapes."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import pairwise

from separation_engine.architectures.roformer.description.settings import RoformerSettings
from separation_engine.networks.architecture import Tensors
from separation_engine.networks.inventory import Shape, layer_shapes, require_inventory

# of the layers inside a block, and by default of a mask
_WIDENING = 4
_ROTARY = ".rotary_embed.freqs"


def check_tensors(settings: RoformerSettings, tensors: Tensors) -> None:
    """Raises WeightsMismatchError if a tensor is missing, left over or of another shape."""
    first = f"{_mask_name(0, 0)}.0.weight"
    layers = count_mask_layers(_mask_name(0, 0), tensors)
    hidden = len(tensors[first]) if layers > 1 else 0
    expected = dict(inventory(settings, mask_layers=layers, mask_features=hidden))
    optional = {name for name in expected if name.endswith(_ROTARY)}
    require_inventory(tensors, expected, optional)


def count_mask_layers(name: str, tensors: Container[str]) -> int:
    """Linear layers of a band's mask, with activations in between. Forks of the code count them differently.

    name: prefix of the layers' names.
    """
    count = 1
    while f"{name}.{2 * count}.weight" in tensors:
        count += 1
    return count


def inventory(
    settings: RoformerSettings, *, mask_layers: int, mask_features: int = 0
) -> Iterator[tuple[str, Shape]]:
    """Name and shape of each tensor. Weights may leave out those of the rotary positions.

    mask_layers, mask_features: of each mask; its layers have four times the network's features by default.
    """
    features = settings.features
    for index, width in enumerate(settings.widths):
        name = f"band_split.to_features.{index}"
        yield f"{name}.0.gamma", (width,)
        yield from layer_shapes(f"{name}.1", (features, width))
    for layer in range(settings.layers):
        for index, depth in enumerate((settings.time_depth, settings.band_depth)):
            name = f"layers.{layer}.{index}"
            for position in range(depth):
                yield from _block(f"{name}.layers.{position}", settings)
            if not settings.final_norm:
                yield f"{name}.norm.gamma", (features,)
    if settings.final_norm:
        yield "final_norm.gamma", (features,)
    hidden = [mask_features or _WIDENING * features] * (mask_layers - 1)
    for stem in range(len(settings.sources)):
        for index, width in enumerate(settings.widths):
            sizes = [features, *hidden, 2 * width]
            for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
                yield from layer_shapes(f"{_mask_name(stem, index)}.{2 * layer}", (outputs, inputs))


def _block(name: str, settings: RoformerSettings) -> Iterator[tuple[str, Shape]]:
    features, inner = settings.features, settings.heads * settings.head_size
    yield f"{name}.0.norm.gamma", (features,)
    yield f"{name}.0.to_qkv.weight", (3 * inner, features)
    yield from layer_shapes(f"{name}.0.to_gates", (settings.heads, features))
    yield f"{name}.0.to_out.0.weight", (features, inner)
    yield f"{name}.0{_ROTARY}", (settings.head_size // 2,)
    yield f"{name}.1.net.0.gamma", (features,)
    yield from layer_shapes(f"{name}.1.net.1", (_WIDENING * features, features))
    yield from layer_shapes(f"{name}.1.net.4", (features, _WIDENING * features))


def _mask_name(stem: int, band: int) -> str:
    return f"mask_estimators.{stem}.to_freqs.{band}.0"
