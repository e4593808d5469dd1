"""OpenVINO on the CPU: compiles graphs once and loads them from a cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from separation_engine.backends.openvino.compile_process import BuildModel, Compilation, compile_in_child
from separation_engine.backends.openvino.compiled_cache import CompiledCache
from separation_engine.backends.openvino.inference import Inference
from separation_engine.backends.openvino.runtime import ov
from separation_engine.common.device import DeviceName, Precision, cpu_limit, cpu_name
from separation_engine.common.errors import DeviceUnavailableError
from separation_engine.networks.interface import BackendSettings

_HINTS = {"fp32": "f32", "bf16": "bf16"}


class OpenvinoBackend:
    """One stream, one request at a time, one thread per available CPU."""

    name = "openvino"
    device: DeviceName = "cpu"

    def __init__(self, settings: BackendSettings) -> None:
        if settings.device != "cpu":
            raise DeviceUnavailableError(f"the openvino backend runs on the CPU, not on {settings.device}")
        self.precision: Precision = settings.precision
        self.device_name = cpu_name()
        self.threads = cpu_limit()
        self._core = ov.Core()
        if self.precision == "tf32":
            raise DeviceUnavailableError("TF32 needs an NVIDIA Ampere GPU or newer: set PRECISION=fp32")
        if self.precision == "fp16":
            raise DeviceUnavailableError("float16 needs an NVIDIA GPU: set PRECISION=fp32")
        if self.precision == "bf16" and not self._has_bfloat16():
            raise DeviceUnavailableError("this CPU has no bfloat16 arithmetic: set PRECISION=fp32")
        self._cache = CompiledCache(settings.cache_dir / "openvino", self._core, self._options())

    def compile(self, name: str, identity: tuple[object, ...], build: BuildModel) -> Inference:
        """Load the compiled model from the cache, in a second; compile it first if needed, in many.

        name: for error messages. identity: everything in the graph that decides the result.
        build: makes the graph; it is pickled. Raises OutOfMemoryError, EngineError, and what `build` raises.
        """

        def compile_to(path: Path) -> None:
            compile_in_child(Compilation(name, build, self.precision, self._options(), path))

        machine = (self.device_name, self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        key = (*identity, self.precision, self.threads, ov.get_version(), *machine)
        return Inference(self._cache.load(key, compile_to))

    def versions(self) -> dict[str, str]:
        return {"openvino": ov.get_version()}

    def memory_bytes(self) -> int:
        return 0

    def _has_bfloat16(self) -> bool:
        return "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    def _options(self) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": self.threads,
            # two engines on one machine would pin their threads to the same CPUs
            "ENABLE_CPU_PINNING": False,
        }
