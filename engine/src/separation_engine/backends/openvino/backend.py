"""HTDemucs on CPUs with OpenVINO, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from separation_engine import device
from separation_engine.architectures.htdemucs.openvino.graph import GRAPH_VERSION
from separation_engine.architectures.htdemucs.openvino.network import OpenvinoNetwork
from separation_engine.architectures.htdemucs.settings import read_architecture
from separation_engine.backends.base import BackendSettings, DeviceName, Precision
from separation_engine.backends.openvino.compile_process import Compilation, compile_apart
from separation_engine.backends.openvino.compiled_cache import CompiledCache
from separation_engine.backends.openvino.inference_lock import Turns
from separation_engine.backends.openvino.runtime import ov
from separation_engine.errors import DeviceUnavailableError
from separation_engine.models.weights import NetworkWeights

_HINTS = {"fp32": "f32", "bf16": "bf16"}
# one for the process
_turns = Turns()


class OpenvinoBackend:
    """One stream, one request at a time, as many threads as there are processors for us."""

    name = "openvino"
    device: DeviceName = "cpu"

    def __init__(self, settings: BackendSettings) -> None:
        if settings.device != "cpu":
            raise DeviceUnavailableError(f"the openvino backend runs on the CPU, not on {settings.device}")
        self.precision: Precision = settings.precision
        self.device_name = device.cpu_name()
        self._threads = device.cpu_limit()
        self._core = ov.Core()
        if self.precision == "tf32":
            raise DeviceUnavailableError("TF32 is for NVIDIA GPUs from Ampere on; set PRECISION=fp32")
        if self.precision == "bf16" and not self._has_bfloat16():
            raise DeviceUnavailableError("this CPU has no bfloat16 arithmetic; set PRECISION=fp32")
        self._cache = CompiledCache(settings.cache_dir / "openvino", self._core, self._options())

    def load(self, weights: NetworkWeights) -> OpenvinoNetwork:
        """Takes a second from the cache; the first time it compiles, which takes many.

        Raises WeightsMismatchError, OutOfMemoryError, or EngineError.
        """
        architecture = read_architecture(weights)
        identity = (
            weights.sha256,
            architecture,
            GRAPH_VERSION,
            self.precision,
            self._threads,
            ov.get_version(),
            self.device_name,
            self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"),
        )

        def compile_to(path: Path) -> None:
            compile_apart(Compilation(weights, self.precision, self._options(), path))

        compiled = self._cache.load(identity, compile_to)
        return OpenvinoNetwork(architecture, compiled, self._threads, _turns)

    def versions(self) -> dict[str, str]:
        return {"openvino": ov.get_version(), "graph": str(GRAPH_VERSION)}

    def memory_bytes(self) -> int:
        return 0

    def _has_bfloat16(self) -> bool:
        return "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    def _options(self) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": self._threads,
            # pinned threads of two engines on one machine would sit on the same processors
            "ENABLE_CPU_PINNING": False,
        }
