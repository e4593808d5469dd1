"""Selects the backend for a network: CUDA if available, else OpenVINO, else torch on the CPU."""

from __future__ import annotations

import logging

from separation_engine.common.device import (
    DeviceName,
    Precision,
    cuda_devices,
    is_installed,
    torch_finds_cuda,
    visible_devices,
)
from separation_engine.common.errors import (
    DeviceUnavailableError,
    ModelNotInstalledError,
    WeightsMismatchError,
)
from separation_engine.common.settings import BackendChoice, DeviceChoice, Settings
from separation_engine.networks.architecture import NetworkSettings
from separation_engine.networks.interface import Backend, BackendSettings

_LOG = logging.getLogger(__name__)
_MODULES = {"openvino": ("openvino",), "torch": ("torch", "demucs")}
_LOCKS = {"openvino": "runtime.lock", "torch": "cuda.lock"}


class BackendSelector:
    """Opens each backend once. Raises DeviceUnavailableError if the requested device is missing.

    precision: instead of the one in the settings.
    """

    def __init__(self, settings: Settings, precision: Precision | None = None) -> None:
        self._choice = settings.backend
        self.device: DeviceName = _resolve_device(settings.device, settings.backend)
        self._settings = BackendSettings(
            self.device, precision or settings.precision, settings.cache_dir, settings.gpu_trials
        )
        if settings.gpu_trials and self.device == "cpu":
            _LOG.warning("ENGINE_GPU_TRIALS has no effect: this engine runs on the CPU")
        self._open: dict[str, Backend] = {}

    def name_for(self, network: NetworkSettings) -> str:
        """`torch` or `openvino`. Imports nothing heavy.

        Raises WeightsMismatchError if no eligible backend can build the network, ModelNotInstalledError if
        every backend that can is missing.
        """
        eligible = ("openvino", "torch") if self._choice == "auto" else (self._choice,)
        if self.device == "cuda":
            eligible = ("torch",)
        refusals = {name: network.refusal(name) for name in eligible}
        able = [name for name, refusal in refusals.items() if refusal is None]
        for name in able:
            if is_installed(*_MODULES[name]):
                return name
        reasons = "; ".join(filter(None, refusals.values()))
        if not able:
            raise WeightsMismatchError(reasons)
        missing = f"{able[0]} is not installed: install requirements/{_LOCKS[able[0]]}"
        raise ModelNotInstalledError("; ".join(filter(None, [reasons, missing])))

    def open(self, network: NetworkSettings) -> Backend:
        """The backend for a network. Raises like `name_for`."""
        name = self.name_for(network)
        if name not in self._open:
            self._open[name] = _open_backend(name, self._settings)
            _LOG.info("using %s on %s", name, self._open[name].device_name)
        return self._open[name]


def _resolve_device(device: DeviceChoice, choice: BackendChoice) -> DeviceName:
    if device == "cuda" and choice == "openvino":
        raise DeviceUnavailableError("the openvino backend runs on the CPU, but DEVICE is cuda")
    if choice == "torch" and not is_installed(*_MODULES["torch"]):
        raise DeviceUnavailableError("the torch backend is not installed: install requirements/cuda.lock")
    if device == "cpu" or choice == "openvino":
        return "cpu"
    devices = cuda_devices()
    missing = _missing_for_cuda(devices)
    if device == "cuda" and missing:
        raise DeviceUnavailableError(f"DEVICE is cuda, but {missing}")
    if not missing:
        _LOG.info("using CUDA on the first device of %s", visible_devices())
        if devices > 1:
            _LOG.warning("%d CUDA devices stay idle: set ENGINES to %d to use all", devices - 1, devices)
    elif devices:
        _LOG.warning("found a CUDA device, but %s: using the CPU", missing)
    return "cpu" if missing else "cuda"


def _missing_for_cuda(devices: int) -> str:
    """Why this machine cannot use CUDA; empty if it can."""
    if not devices:
        return f"no CUDA device was found. This engine looked at {visible_devices()}"
    if not is_installed(*_MODULES["torch"]):
        return "torch is not installed"
    return "" if torch_finds_cuda() else "torch cannot use it: its build or the driver is too old"


def _open_backend(name: str, settings: BackendSettings) -> Backend:
    # torch takes seconds to import, and is missing where openvino does the work
    if name == "torch":
        from separation_engine.backends.torch.backend import TorchBackend

        return TorchBackend(settings)
    from separation_engine.backends.openvino.backend import OpenvinoBackend

    return OpenvinoBackend(settings)
