"""The graphs of a RoFormer: from the spectrum's bands to features, and from these to a complex mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from separation_engine.architectures.roformer.description.inventory import check_tensors, count_mask_layers
from separation_engine.architectures.roformer.description.settings import RoformerSettings
from separation_engine.architectures.roformer.openvino.transformer import Transformer
from separation_engine.backends.openvino.graph_builder import GraphBuilder
from separation_engine.backends.openvino.runtime import Model, Node, ov
from separation_engine.backends.openvino.tensors import Tensors

_MASKS = "mask_estimators."


def build_graph(
    settings: RoformerSettings, weights: Mapping[str, NDArray[Any]]
) -> tuple[Model, frozenset[str]]:
    """The network of one stem, and the names of the operations that must stay in float32.

    Its input is [frames, sum(widths)]: bands side by side, each with real and imaginary parts of both
    channels for each bin. Its output, the mask, has the same shape.
    """
    check_tensors(settings, weights)
    build, tensors = GraphBuilder(), Tensors(weights)
    spectrum, features = _features(build, tensors, settings)
    mask = _mask(build, tensors, settings, 0, features)
    return _model(build, tensors, spectrum, mask, "roformer")


def build_features(
    settings: RoformerSettings, weights: Mapping[str, NDArray[Any]]
) -> tuple[Model, frozenset[str]]:
    """What all stems share: like `build_graph`, up to the features, [bands, frames, features]."""
    check_tensors(settings, weights)
    shared = {name: values for name, values in weights.items() if not name.startswith(_MASKS)}
    build, tensors = GraphBuilder(), Tensors(shared)
    return _model(build, tensors, *_features(build, tensors, settings), "roformer_features")


def build_mask(
    settings: RoformerSettings, weights: Mapping[str, NDArray[Any]], stem: int
) -> tuple[Model, frozenset[str]]:
    """What is a stem's own: from the features to its mask."""
    own = {name: values for name, values in weights.items() if name.startswith(f"{_MASKS}{stem}.")}
    build, tensors = GraphBuilder(), Tensors(own)
    shape = [len(settings.bands), settings.frames, settings.features]
    features = build.parameter(shape, "features")
    mask = _mask(build, tensors, settings, stem, features)
    return _model(build, tensors, features, mask, "roformer_mask")


def _model(
    build: GraphBuilder, tensors: Tensors, value: Node, result: Node, name: str
) -> tuple[Model, frozenset[str]]:
    tensors.require_all_used()
    model = ov.Model([build.result(result, "result")], [value], name)
    return model, frozenset(build.fp32_names)


def _features(build: GraphBuilder, tensors: Tensors, settings: RoformerSettings) -> tuple[Node, Node]:
    """Input and output."""
    spectrum = build.parameter([settings.frames, sum(settings.widths)], "spectrum")
    value = _split_bands(build, tensors, settings, spectrum)
    for layer in range(settings.layers):
        along_time = Transformer(build, tensors, settings, f"layers.{layer}.0", "time")
        value = along_time.apply(value, settings.time_depth)
        along_bands = Transformer(build, tensors, settings, f"layers.{layer}.1", "bands")
        value = along_bands.apply(value, settings.band_depth)
    if settings.final_norm:
        value = build.rms_normalize(value, tensors.read("final_norm.gamma"))
    return spectrum, value


def _split_bands(build: GraphBuilder, tensors: Tensors, settings: RoformerSettings, spectrum: Node) -> Node:
    """[frames, sum(widths)] to [bands, frames, features]."""
    features = []
    for index, band in enumerate(build.split_at(spectrum, 1, settings.widths)):
        name = f"band_split.to_features.{index}"
        normal = build.rms_normalize(band, tensors.read(f"{name}.0.gamma"))
        value = build.linear(normal, *tensors.layer(f"{name}.1"))
        features.append(build.reshape(value, (1, settings.frames, -1)))
    return build.concat(features, 0)


def _mask(
    build: GraphBuilder, tensors: Tensors, settings: RoformerSettings, stem: int, features: Node
) -> Node:
    """[bands, frames, features] to [frames, sum(widths)]."""
    parts = []
    for index, band in enumerate(build.split(features, 0, len(settings.bands))):
        layers = f"{_MASKS}{stem}.to_freqs.{index}.0"
        value = build.reshape(band, band.get_shape()[1:])
        *inner, last = range(count_mask_layers(layers, tensors))
        for layer in inner:
            value = build.tanh(build.linear(value, *tensors.layer(f"{layers}.{2 * layer}"), clamped=False))
        weight, bias = tensors.layer(f"{layers}.{2 * last}")
        half = len(weight) // 2
        kept = build.linear(value, weight[:half], bias[:half])
        gate = build.linear(value, weight[half:], bias[half:], clamped=False)
        parts.append(build.multiply(kept, build.sigmoid(gate)))
    return build.concat(parts, 1)
