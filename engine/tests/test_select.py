from __future__ import annotations

from pathlib import Path

import pytest

from separation_engine.backends import select
from separation_engine.backends.select import BackendSelector
from separation_engine.device import cpu_limit, memory_bytes
from separation_engine.errors import DeviceUnavailableError, ModelNotInstalledError
from separation_engine.models.weights import HTDEMUCS
from separation_engine.settings import BackendChoice, DeviceChoice, SettingsError, read_settings

HDEMUCS = "demucs.hdemucs.HDemucs"


def selector(device: DeviceChoice, choice: BackendChoice = "auto") -> BackendSelector:
    return BackendSelector(device=device, choice=choice, precision="fp32", cache_dir=Path())


def machine(monkeypatch: pytest.MonkeyPatch, *, cuda: int, missing: tuple[str, ...] = ()) -> None:
    """A machine with so many CUDA devices that lacks these modules."""
    monkeypatch.setattr(select, "cuda_devices", lambda: cuda)
    monkeypatch.setattr(select, "is_installed", lambda *modules: not set(modules) & set(missing))


def test_auto_without_cuda_takes_openvino_and_torch_for_what_it_cannot_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine(monkeypatch, cuda=0)
    assert selector("auto").name_for(HTDEMUCS) == "openvino"
    assert selector("auto").name_for(HDEMUCS) == "torch"


def test_auto_with_cuda_takes_torch_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine(monkeypatch, cuda=1)
    with caplog.at_level("INFO"):
        chosen = selector("auto")
    assert (chosen.device, chosen.name_for(HTDEMUCS)) == ("cuda", "torch")
    assert "using CUDA" in caplog.text


def test_auto_with_cuda_but_no_torch_stays_on_the_cpu_and_warns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine(monkeypatch, cuda=1, missing=("torch",))
    assert selector("auto").device == "cpu"
    assert "torch is not installed" in caplog.text


@pytest.mark.parametrize(("cuda", "missing"), [(0, ()), (1, ("torch",)), (1, ("demucs",))])
def test_cuda_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, cuda: int, missing: tuple[str, ...]
) -> None:
    machine(monkeypatch, cuda=cuda, missing=missing)
    with pytest.raises(DeviceUnavailableError):
        selector("cuda")


def test_says_what_to_install_for_a_class_that_needs_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, cuda=0, missing=("torch", "demucs"))
    with pytest.raises(ModelNotInstalledError, match=r"cuda\.lock"):
        selector("auto").name_for(HDEMUCS)


def test_settings_name_what_cannot_be_meant() -> None:
    with pytest.raises(SettingsError, match="PRECISION is 'fp16'"):
        read_settings({"PRECISION": "fp16"})


def test_the_demo_model_needs_no_settings() -> None:
    settings = read_settings({})
    assert (settings.model, settings.device, settings.models_dir) == ("demo", "auto", None)


def test_the_machine_has_a_processor_and_memory() -> None:
    assert cpu_limit() >= 1
    assert 1e6 < memory_bytes() < 1e12
