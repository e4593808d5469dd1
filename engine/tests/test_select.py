from __future__ import annotations

import os
from pathlib import Path

import pytest

from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.backends import select
from separation_engine.backends.select import BackendSelector
from separation_engine.common import device
from separation_engine.common.device import cpu_limit, memory_bytes
from separation_engine.common.errors import (
    DeviceUnavailableError,
    ModelNotInstalledError,
    WeightsMismatchError,
)
from separation_engine.common.settings import (
    BackendChoice,
    DeviceChoice,
    Settings,
    SettingsError,
    read_settings,
)
from separation_engine.networks.architecture import NetworkSettings

HTDEMUCS = ARCHITECTURES["demucs.htdemucs.HTDemucs"]
USUAL = NetworkSettings(HTDEMUCS, (["vocals", "other"],), {})
# only torch builds these two
HYBRID = NetworkSettings(ARCHITECTURES["demucs.hdemucs.HDemucs"], USUAL.args, {})
UNUSUAL = NetworkSettings(HTDEMUCS, USUAL.args, {"cac": False})


def selector(device: DeviceChoice, choice: BackendChoice = "auto") -> BackendSelector:
    return BackendSelector(Settings(None, Path(), "demo", device, choice, "fp32", "info"))


def machine(
    monkeypatch: pytest.MonkeyPatch, *, cuda: int, missing: tuple[str, ...] = (), usable: bool = True
) -> None:
    """Pretend that the machine has CUDA devices, usable by torch or not, and lacks some modules."""
    monkeypatch.setattr(select, "torch_finds_cuda", lambda: usable)
    monkeypatch.setattr(select, "cuda_devices", lambda: cuda)
    monkeypatch.setattr(select, "is_installed", lambda *modules: not set(modules) & set(missing))


def test_auto_without_cuda_uses_openvino_where_it_can_and_torch_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine(monkeypatch, cuda=0)
    assert [selector("auto").name_for(network) for network in (USUAL, HYBRID, UNUSUAL)] == [
        "openvino",
        "torch",
        "torch",
    ]


def test_auto_with_cuda_uses_torch_and_logs_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine(monkeypatch, cuda=1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-7")
    with caplog.at_level("INFO"):
        chosen = selector("auto")
    assert (chosen.device, chosen.name_for(USUAL)) == ("cuda", "torch")
    assert "using CUDA on the first device of CUDA_VISIBLE_DEVICES=GPU-7" in caplog.text
    assert "idle" not in caplog.text


@pytest.mark.parametrize(("cuda", "told"), [(0, True), (1, False)])
def test_tells_that_a_cpu_tries_nothing_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, cuda: int, told: bool
) -> None:
    machine(monkeypatch, cuda=cuda)
    settings = Settings(
        None, Path(), "demo", "auto", "auto", "fp32", "info", gpu_trials=frozenset({"graphs"})
    )
    BackendSelector(settings)
    assert ("ENGINE_GPU_TRIALS has no effect" in caplog.text) is told


def test_tells_that_an_engine_uses_one_device_of_several(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine(monkeypatch, cuda=3)
    assert selector("cuda").device == "cuda"
    assert "2 CUDA devices stay idle: set ENGINES to 3" in caplog.text


def test_names_the_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, cuda=0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    with pytest.raises(DeviceUnavailableError, match=r"no CUDA device was found.*CUDA_VISIBLE_DEVICES=2"):
        selector("cuda")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with pytest.raises(DeviceUnavailableError, match="looked at every CUDA device"):
        selector("cuda")


@pytest.mark.parametrize(
    ("missing", "usable", "reason"),
    [(("torch",), True, "torch is not installed"), ((), False, "torch cannot use it")],
)
def test_auto_with_unusable_cuda_stays_on_the_cpu_and_warns(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    missing: tuple[str, ...],
    usable: bool,
    reason: str,
) -> None:
    machine(monkeypatch, cuda=1, missing=missing, usable=usable)
    assert selector("auto").device == "cpu"
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("cuda", "missing", "usable"),
    [(0, (), True), (1, ("torch",), True), (1, ("demucs",), True), (1, (), False)],
)
def test_missing_cuda_is_an_error(
    monkeypatch: pytest.MonkeyPatch, cuda: int, missing: tuple[str, ...], usable: bool
) -> None:
    machine(monkeypatch, cuda=cuda, missing=missing, usable=usable)
    with pytest.raises(DeviceUnavailableError):
        selector("cuda")


@pytest.mark.parametrize(
    ("network", "missing", "sentence"),
    [
        (HYBRID, ("torch", "demucs"), r"HDemucs .*cuda\.lock"),
        (UNUSUAL, ("torch", "demucs"), r"cac=False.*cuda\.lock"),
        (USUAL, ("openvino", "torch"), r"runtime\.lock"),
    ],
)
def test_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, network: NetworkSettings, missing: tuple[str, ...], sentence: str
) -> None:
    machine(monkeypatch, cuda=0, missing=missing)
    with pytest.raises(ModelNotInstalledError, match=sentence):
        selector("auto").name_for(network)


def test_refuses_a_network_that_the_requested_backend_cannot_build(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, cuda=0)
    with pytest.raises(WeightsMismatchError, match="HDemucs runs on torch only"):
        selector("auto", "openvino").name_for(HYBRID)


def test_an_invalid_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="PRECISION is 'int8'"):
        read_settings({"PRECISION": "int8"})


def test_the_defaults_are_those_of_the_worker() -> None:
    settings = read_settings({})
    assert (settings.model, settings.device, settings.models_dir) == ("htdemucs", "auto", None)
    assert not settings.gpu_trials


def test_reads_what_a_gpu_tries_out() -> None:
    every = {"graphs", "fused-norms", "channels-last"}
    assert read_settings({"ENGINE_GPU_TRIALS": "graphs, fused-norms,channels-last"}).gpu_trials == every
    with pytest.raises(
        SettingsError, match="ENGINE_GPU_TRIALS is 'on', but must be one of graphs, fused-norms"
    ):
        read_settings({"ENGINE_GPU_TRIALS": "on"})


def test_the_machine_has_memory() -> None:
    assert 1e6 < memory_bytes() < 1e12


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        ({}, 8),
        ({"": "max 100000"}, 8),
        ({"": "250000 100000"}, 2),
        ({"": "160000 100000"}, 2),
        ({"": "10000 100000"}, 1),
        ({"": "900000 100000"}, 8),
        # a systemd service in its own group, and a pod that sees its node's groups
        ({"a/b": "300000 100000"}, 3),
        ({"a": "300000 100000", "a/b": "max 100000"}, 3),
        ({"a": "300000 100000", "a/b": "100000 100000"}, 1),
        ({"another": "100000 100000"}, 8),
    ],
)
def test_threads_are_those_of_the_strictest_cgroup(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limits: dict[str, str], wanted: int
) -> None:
    (tmp_path / "own").write_text("0::/a/b\n")
    for group, limit in limits.items():
        (tmp_path / "groups" / group).mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / group / "cpu.max").write_text(limit)
    monkeypatch.setattr(device, "_OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(device, "_CGROUPS", tmp_path / "groups")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    assert cpu_limit() == wanted
