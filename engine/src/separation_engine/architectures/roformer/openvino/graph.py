"""The graph of a RoFormer: from the spectrum's bands to a complex mask of each stem."""

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


def build_graph(
    settings: RoformerSettings, weights: Mapping[str, NDArray[Any]]
) -> tuple[Model, frozenset[str]]:
    """The model, and the names of the operations that must stay in float32.

    Its input is [frames, sum(widths)]: bands side by side, each with real and imaginary parts of both
    channels for each bin. Its outputs, one for each stem, have the same shape.
    """
    check_tensors(settings, weights)
    build, tensors = GraphBuilder(), Tensors(weights)
    spectrum = build.parameter([settings.frames, sum(settings.widths)], "spectrum")
    value = _split_bands(build, tensors, settings, spectrum)
    for layer in range(settings.layers):
        along_time = Transformer(build, tensors, settings, f"layers.{layer}.0", "time")
        value = along_time.apply(value, settings.time_depth)
        along_bands = Transformer(build, tensors, settings, f"layers.{layer}.1", "bands")
        value = along_bands.apply(value, settings.band_depth)
    if settings.final_norm:
        value = build.rms_normalize(value, tensors.read("final_norm.gamma"))
    bands = build.split(value, 0, len(settings.bands))
    masks = [
        build.result(_mask(build, tensors, f"mask_estimators.{index}", bands), source)
        for index, source in enumerate(settings.sources)
    ]
    tensors.require_all_used()
    return ov.Model(masks, [spectrum], "roformer"), frozenset(build.fp32_names)


def _split_bands(build: GraphBuilder, tensors: Tensors, settings: RoformerSettings, spectrum: Node) -> Node:
    """[frames, sum(widths)] to [bands, frames, features]."""
    features = []
    for index, band in enumerate(build.split_at(spectrum, 1, settings.widths)):
        name = f"band_split.to_features.{index}"
        normal = build.rms_normalize(band, tensors.read(f"{name}.0.gamma"))
        value = build.linear(normal, *tensors.layer(f"{name}.1"))
        features.append(build.reshape(value, (1, settings.frames, -1)))
    return build.concat(features, 0)


def _mask(build: GraphBuilder, tensors: Tensors, name: str, bands: list[Node]) -> Node:
    """[1, frames, features] of each band to [frames, sum(widths)]."""
    parts = []
    for index, band in enumerate(bands):
        layers = f"{name}.to_freqs.{index}.0"
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
