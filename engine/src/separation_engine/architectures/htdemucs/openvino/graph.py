"""HTDemucs as an OpenVINO model, without its Fourier transforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from separation_engine.architectures.htdemucs.openvino.branches import Branch, frequency_embedding
from separation_engine.architectures.htdemucs.openvino.settings import HTDemucsSettings
from separation_engine.architectures.htdemucs.openvino.transformer import transformer
from separation_engine.backends.openvino.graph_builder import GraphBuilder
from separation_engine.backends.openvino.runtime import Model, Node, ov
from separation_engine.backends.openvino.tensors import Tensors
from separation_engine.common.errors import WeightsMismatchError


def build_graph(
    settings: HTDemucsSettings, arrays: Mapping[str, NDArray[Any]]
) -> tuple[Model, frozenset[str]]:
    """The model, and the names of the operations that must stay in float32 under bfloat16.

    Inputs, both normalized: `spectrum` [1, 4, bins, frames] (left real, left imaginary, right real, right
    imaginary) and `wave` [1, 2, 1, samples]. Outputs, still normalized: `spectra` [1, bands, frames,
    stride * 4 * sources], each band `stride` bins side by side (see HTDemucsSettings), and `waves`
    [1, 2 * sources, 1, samples].
    Raises WeightsMismatchError if the tensors do not fit the settings.
    """
    try:
        return _build(settings, arrays)
    except (RuntimeError, ValueError, IndexError) as error:
        raise WeightsMismatchError(f"a tensor has the wrong shape for its layer: {error}") from error


def _build(settings: HTDemucsSettings, arrays: Mapping[str, NDArray[Any]]) -> tuple[Model, frozenset[str]]:
    build, tensors = GraphBuilder(), Tensors(arrays)
    spectrum_in = build.parameter((1, 4, settings.bins, settings.frames), "spectrum")
    wave_in = build.parameter((1, 2, 1, settings.segment_samples), "wave")
    spectral = Branch(build, tensors, settings, spectral=True)
    temporal = Branch(build, tensors, settings, spectral=False)
    spectrum, wave = spectrum_in, wave_in
    spectra, waves, bins, samples = [], [], [], []
    embedding = frequency_embedding(tensors, settings)
    for index in range(settings.depth):
        bins.append(spectrum.get_output_shape(0)[2])
        samples.append(wave.get_output_shape(0)[3])
        with build.fp32():
            wave = temporal.encode(wave, index)
        spectrum = spectral.encode(spectrum, index)
        if index == 0 and embedding is not None:
            spectrum = build.shift(spectrum, embedding)
        spectra.append(spectrum)
        waves.append(wave)
    spectrum, wave = transformer(build, tensors, settings, spectrum, wave)
    for index in range(settings.depth):
        spectrum = spectral.decode(spectrum, spectra.pop(), index, bins.pop())
        with build.fp32():
            wave = temporal.decode(wave, waves.pop(), index, samples.pop())
    tensors.require_all_used()
    # already the memory layout: a transpose to channels first would take 3 % of the run
    spectrum = build.transpose(spectrum, (0, 2, 3, 1))
    _require_shapes(settings, spectrum, wave)
    results = [build.result(spectrum, "spectra"), build.result(wave, "waves")]
    model = ov.Model(results, [spectrum_in, wave_in], "htdemucs")
    return model, frozenset(build.fp32_names)


def _require_shapes(settings: HTDemucsSettings, spectrum: Node, wave: Node) -> None:
    """Raises ValueError. The runtime itself accepts last kernels of any length."""
    values = 4 * len(settings.sources)
    wanted = (
        [1, settings.bands, settings.frames, settings.stride * values],
        [1, values // 2, 1, settings.segment_samples],
    )
    found = tuple(list(node.get_output_shape(0)) for node in (spectrum, wave))
    if found != wanted:
        raise ValueError(f"the network returns {found} instead of {wanted}")
