"""HTDemucs without its Fourier transforms, as an OpenVINO model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from separation_engine.architectures.htdemucs.openvino.branches import Branch, frequency_embedding
from separation_engine.architectures.htdemucs.openvino.tensors import Tensors
from separation_engine.architectures.htdemucs.openvino.transformer import transformer
from separation_engine.architectures.htdemucs.settings import Architecture
from separation_engine.backends.openvino.graph_builder import GraphBuilder
from separation_engine.backends.openvino.runtime import Model, Node, ov
from separation_engine.errors import WeightsMismatchError

# part of the key of compiled models: raise it with every change of the graph
GRAPH_VERSION = 7


def build_graph(
    architecture: Architecture, arrays: Mapping[str, NDArray[Any]]
) -> tuple[Model, frozenset[str]]:
    """The model, and the names of the operations that bfloat16 must leave in float32.

    Inputs, both normalised: `spectrum` [1, 4, bins, frames] (real and imaginary part of left,
    then of right), `wave` [1, 2, 1, samples]. Outputs, before the normalisation is undone:
    `spectra` [1, bands, frames, stride * 4 * sources], each band `stride` bins side by side (see
    Architecture), `waves` [1, 2 * sources, 1, samples].
    Raises WeightsMismatchError when the tensors are not those of the architecture.
    """
    try:
        return _build(architecture, arrays)
    except (RuntimeError, ValueError, IndexError) as error:
        raise WeightsMismatchError(f"a tensor has not the shape that its layer needs: {error}") from error


def _build(architecture: Architecture, arrays: Mapping[str, NDArray[Any]]) -> tuple[Model, frozenset[str]]:
    build, tensors = GraphBuilder(), Tensors(arrays)
    spectrum_in = build.parameter((1, 4, architecture.bins, architecture.frames), "spectrum")
    wave_in = build.parameter((1, 2, 1, architecture.segment_samples), "wave")
    spectral = Branch(build, tensors, architecture, spectral=True)
    temporal = Branch(build, tensors, architecture, spectral=False)
    spectrum, wave = spectrum_in, wave_in
    spectra, waves, bins, samples = [], [], [], []
    embedding = frequency_embedding(tensors, architecture)
    for index in range(architecture.depth):
        bins.append(spectrum.get_output_shape(0)[2])
        samples.append(wave.get_output_shape(0)[3])
        with build.precise():
            wave = temporal.encode(wave, index)
        spectrum = spectral.encode(spectrum, index)
        if index == 0 and embedding is not None:
            spectrum = build.shift(spectrum, embedding)
        spectra.append(spectrum)
        waves.append(wave)
    spectrum, wave = transformer(build, tensors, architecture, spectrum, wave)
    for index in range(architecture.depth):
        spectrum = spectral.decode(spectrum, spectra.pop(), index, bins.pop())
        with build.precise():
            wave = temporal.decode(wave, waves.pop(), index, samples.pop())
    tensors.require_all_used()
    # as it lies in memory: to turn it into channels first would take 3 % of the whole run
    spectrum = build.transpose(spectrum, (0, 2, 3, 1))
    _require_shapes(architecture, spectrum, wave)
    results = [build.result(spectrum, "spectra"), build.result(wave, "waves")]
    model = ov.Model(results, [spectrum_in, wave_in], "htdemucs")
    return model, frozenset(build.precise_names)


def _require_shapes(architecture: Architecture, spectrum: Node, wave: Node) -> None:
    """Raises ValueError. The last kernels may be of any length as far as the runtime is concerned."""
    values = 4 * len(architecture.sources)
    wanted = (
        [1, architecture.bands, architecture.frames, architecture.stride * values],
        [1, values // 2, 1, architecture.segment_samples],
    )
    found = tuple(list(node.get_output_shape(0)) for node in (spectrum, wave))
    if found != wanted:
        raise ValueError(f"the network gives {found} instead of {wanted}")
