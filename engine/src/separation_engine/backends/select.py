"""Chooses the backend for a network: CUDA where it is there, else openvino, else torch on the CPU."""

from __future__ import annotations

import logging
from pathlib import Path

from separation_engine.architectures.htdemucs.settings import read_architecture
from separation_engine.backends.base import Backend, BackendSettings, DeviceName, Precision
from separation_engine.device import cuda_devices, is_installed, torch_finds_cuda
from separation_engine.errors import DeviceUnavailableError, ModelNotInstalledError, WeightsMismatchError
from separation_engine.models.weights import NetworkSettings
from separation_engine.settings import BackendChoice, DeviceChoice, Settings

_LOG = logging.getLogger(__name__)
_TORCH_MODULES = ("torch", "demucs")


class BackendSelector:
    """Opens each backend once. Raises DeviceUnavailableError where the wanted device is not there."""

    def __init__(
        self, *, device: DeviceChoice, choice: BackendChoice, precision: Precision, cache_dir: Path
    ) -> None:
        self._choice = choice
        self.device: DeviceName = _resolve_device(device, choice)
        self._settings = BackendSettings(self.device, precision, cache_dir)
        self._open: dict[str, Backend] = {}

    @classmethod
    def of(cls, settings: Settings, precision: Precision | None = None) -> BackendSelector:
        """As the settings say, or in another precision."""
        return cls(
            device=settings.device,
            choice=settings.backend,
            precision=precision or settings.precision,
            cache_dir=settings.cache_dir,
        )

    def name_for(self, network: NetworkSettings) -> str:
        """`torch` or `openvino`, for a network of these settings; imports nothing heavy.

        Raises ModelNotInstalledError where no installed backend can build it, WeightsMismatchError where the
        wanted one cannot.
        """
        if self.device == "cuda" or self._choice == "torch":
            return "torch"
        try:
            read_architecture(network)
        except WeightsMismatchError as error:
            if self._choice == "openvino":
                raise
            if not is_installed(*_TORCH_MODULES):
                raise ModelNotInstalledError(f"{error}: install requirements/cuda.lock") from error
            return "torch"
        if is_installed("openvino"):
            return "openvino"
        if self._choice == "auto" and is_installed(*_TORCH_MODULES):
            return "torch"
        raise ModelNotInstalledError("openvino is not installed: install requirements/runtime.lock")

    def open(self, network: NetworkSettings) -> Backend:
        """The backend for a network of these settings. Raises as `name_for`."""
        name = self.name_for(network)
        if name not in self._open:
            self._open[name] = _open_backend(name, self._settings)
            _LOG.info("using %s on %s", name, self._open[name].device_name)
        return self._open[name]


def _resolve_device(device: DeviceChoice, choice: BackendChoice) -> DeviceName:
    if device == "cuda" and choice == "openvino":
        raise DeviceUnavailableError("the openvino backend runs on a CPU, but DEVICE is cuda")
    if choice == "torch" and not is_installed(*_TORCH_MODULES):
        raise DeviceUnavailableError("the torch backend is not installed: install requirements/cuda.lock")
    if device == "cpu" or choice == "openvino":
        return "cpu"
    devices = cuda_devices()
    missing = _missing_for_cuda(devices)
    if device == "cuda" and missing:
        raise DeviceUnavailableError(f"DEVICE is cuda, but {missing}")
    if not missing:
        _LOG.info("found %d CUDA device(s), using CUDA", devices)
    elif devices:
        _LOG.warning("found a CUDA device, but %s: using the CPU", missing)
    return "cpu" if missing else "cuda"


def _missing_for_cuda(devices: int) -> str:
    """What keeps this machine from CUDA; empty where nothing does."""
    if not devices:
        return "no CUDA device was found"
    if not is_installed(*_TORCH_MODULES):
        return "torch is not installed"
    return "" if torch_finds_cuda() else "torch cannot use it: its build or the driver is too old"


def _open_backend(name: str, settings: BackendSettings) -> Backend:
    # torch takes seconds to import, and is not there where openvino does the work
    if name == "torch":
        from separation_engine.backends.torch.backend import TorchBackend

        return TorchBackend(settings)
    from separation_engine.backends.openvino.backend import OpenvinoBackend

    return OpenvinoBackend(settings)
