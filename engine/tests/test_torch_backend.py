from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs

from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.backends.torch import backend as backend_module
from separation_engine.backends.torch.backend import TorchBackend
from separation_engine.backends.torch.network import TorchAccumulator, TorchNetwork
from separation_engine.backends.torch.transfer import to_device
from separation_engine.checks.self_check import snr_db
from separation_engine.common.device import DeviceName, GpuTrial, Precision
from separation_engine.common.errors import DeviceLostError, DeviceUnavailableError, OutOfMemoryError
from separation_engine.common.wav import Samples
from separation_engine.models.folder import read_folder
from separation_engine.networks.interface import Accumulator, Backend, BackendSettings, DeviceSamples
from tests.model_files import SHORT
from tests.models import SMALL_HYBRID, short, small_hybrid, write_model
from tests.runs import make_model, make_request, run_jobs
from tests.sounds import RATE, song
from tests.stock import roomy, torch_network


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models"), "short", [short()], settings=SHORT, checked=False)


@pytest.fixture
def network(weights_dir: Path) -> TorchNetwork:
    return torch_network(weights_dir)


def test_halves_the_batch_when_the_device_is_full(
    network: TorchNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixes = np.stack([song(RATE, seed=index) for index in range(5)])
    expected = network.forward(mixes)
    sizes = fail_above(network, 2, monkeypatch)
    network.limit = roomy(8)
    assert np.allclose(network.forward(mixes), expected, atol=1e-6)
    assert sizes == [5, 2, 2, 1]
    assert network.max_batch == 2


def test_gives_up_if_a_single_segment_does_not_fit(
    network: TorchNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_above(network, 0, monkeypatch)
    network.limit = roomy(4)
    with pytest.raises(OutOfMemoryError):
        network.forward(np.zeros((3, 2, RATE), np.float32))


@pytest.mark.parametrize(("precision", "least_db", "most_db"), [("bf16", 25, 58), ("fp16", 58, 80)])
def test_half_precision_stays_close_to_fp32(
    network: TorchNetwork,
    monkeypatch: pytest.MonkeyPatch,
    precision: Precision,
    least_db: float,
    most_db: float,
) -> None:
    mixes = song(RATE)[np.newaxis]
    expected = network.forward(mixes)
    # no backend offers float16 on a CPU: it is slow there
    monkeypatch.setattr(network, "_precision", precision)
    assert least_db < snr_db(expected, network.forward(mixes)) < most_db


def test_multiplies_in_tf32_only_on_request(weights_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = torch_network(weights_dir)
    seen: list[tuple[bool, bool, bool]] = []
    run = network._module

    def flags() -> tuple[bool, bool, bool]:
        cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
        return matmul.allow_tf32, cudnn.allow_tf32, cudnn.deterministic

    def watched(mixes: torch.Tensor) -> torch.Tensor:
        seen.append(flags())
        assert run is not None
        return cast("torch.Tensor", run(mixes))

    monkeypatch.setattr(network, "_module", watched)
    before = flags()
    for precision in ("fp32", "tf32", "fp32", "tf32"):
        monkeypatch.setattr(network, "_precision", precision)
        network.forward(song(RATE)[np.newaxis])
        assert flags() == before
    assert seen == [(False, False, True), (True, True, True)] * 2
    fail_above(network, 0, monkeypatch)
    with pytest.raises(OutOfMemoryError):
        network.forward(song(RATE)[np.newaxis])
    assert flags() == before


@pytest.mark.parametrize("backend", [TorchBackend, OpenvinoBackend])
@pytest.mark.parametrize("precision", ["tf32", "fp16"])
def test_tf32_and_float16_are_not_for_cpus(
    backend: type[Backend], precision: Precision, tmp_path: Path
) -> None:
    with pytest.raises(DeviceUnavailableError, match=r"NVIDIA .*set PRECISION=fp32"):
        backend(BackendSettings("cpu", precision, tmp_path))


def test_tf32_is_for_gpus_from_ampere_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    with pytest.raises(DeviceUnavailableError, match="Ampere GPU or newer"):
        TorchBackend(BackendSettings("cuda", "tf32", tmp_path))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 0))
    assert TorchBackend(BackendSettings("cuda", "tf32", tmp_path)).precision == "tf32"


@pytest.mark.parametrize(
    ("device", "precision", "missing", "usable"),
    [
        ("cpu", "fp32", "", set()),
        ("cuda", "fp16", "", {"graphs", "fused-norms", "channels-last"}),
        ("cuda", "fp32", "only tensor cores", {"graphs", "fused-norms"}),
        ("cuda", "fp16", "no C compiler", {"graphs", "channels-last"}),
    ],
)
def test_tries_out_what_the_device_can(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    device: DeviceName,
    precision: Precision,
    missing: str,
    usable: set[GpuTrial],
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(backend_module, "_triton_failure", lambda: missing if "compiler" in missing else "")
    every: frozenset[GpuTrial] = frozenset({"graphs", "fused-norms", "channels-last"})
    sut = TorchBackend(BackendSettings(device, precision, tmp_path, every))
    assert sut.gpu_trials == usable
    assert [missing in line for line in caplog.messages] == ([True] if missing else [])
    # a measured precision holds for the trials that it was measured with
    assert sut.versions().get("trials", "") == "+".join(sorted(usable))
    assert not TorchBackend(BackendSettings(device, precision, tmp_path)).gpu_trials


@pytest.mark.skipif(torch.cuda.is_available(), reason="Triton works with this GPU")
def test_finds_out_that_triton_has_no_driver() -> None:
    pytest.importorskip("triton")
    assert "active drivers" in backend_module._triton_failure()


@pytest.mark.parametrize(
    ("network", "settings", "told"),
    [(short(), SHORT, []), (small_hybrid(), SMALL_HYBRID, ["fused-norms has no effect on HDemucs"])],
    ids=["htdemucs", "hdemucs"],
)
def test_tells_where_a_trial_has_no_effect(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    network: HTDemucs | HDemucs,
    settings: dict[str, object],
    told: list[str],
) -> None:
    folder = write_model(tmp_path, "model", [network], settings=settings, checked=False)
    backend = TorchBackend(BackendSettings("cpu", "fp32", tmp_path))
    backend.gpu_trials = frozenset({"fused-norms"})
    read_folder(folder, "model").read_weights(0).load(backend)
    assert caplog.messages == told


def test_accumulators_agree() -> None:
    random = np.random.default_rng(0)
    window = random.random(RATE, np.float32)
    weights = np.array([1, 0, 0.25], np.float32)
    sums: list[Accumulator] = [
        NumpyAccumulator(3, 2 * RATE),
        TorchAccumulator(3, 2 * RATE, torch.device("cpu")),
    ]
    taken: list[list[DeviceSamples]] = [[], []]
    for first, done in [(0, 0), (RATE // 3, RATE), (RATE, RATE + 7), (5, RATE)]:
        estimate = random.standard_normal((3, 2, RATE), np.float32)
        # an estimate with weight 0 is ignored, whatever it holds
        estimate[1] = np.nan
        for index, estimates in enumerate([[*estimate.copy()], [*torch.from_numpy(estimate)]]):
            sums[index].add(estimates, window, weights, first)
            taken[index].append(sums[index].take(done))
    # looked at after all of them, like those of a whole batch
    found, wanted = ([np.asarray(done) for done in of] for of in reversed(taken))
    for ours, reference in zip(found, wanted, strict=True):
        assert ours.shape == reference.shape
        np.testing.assert_allclose(ours, reference, atol=1e-6)
    assert np.abs(wanted[-1]).max() > 0.1


def test_segments_share_their_windows_on_the_device(
    network: TorchNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Samples] = []

    def send(samples: Samples, device: torch.device) -> torch.Tensor:
        sent.append(samples)
        return to_device(samples, device)

    monkeypatch.setattr("separation_engine.backends.torch.network.to_device", send)
    request = make_request(tmp_path, song(6 * RATE))
    listener = run_jobs(make_model([network]), request)
    assert len(listener.progress["job"]) == 8
    # of the first segment, of those with neighbors on both sides, and of the short last one
    assert len(sent) == 3


def test_a_full_device_is_an_out_of_memory_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> torch.Tensor:
        raise torch.cuda.OutOfMemoryError

    sums = TorchAccumulator(4, RATE, torch.device("cpu"))
    monkeypatch.setattr("separation_engine.backends.torch.network.pad", full)
    with pytest.raises(OutOfMemoryError):
        sums.take(1)
    monkeypatch.setattr(torch, "zeros", full)
    with pytest.raises(OutOfMemoryError):
        TorchAccumulator(4, RATE, torch.device("cpu"))


FULL, UNABLE = "cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "GET was unable to find an engine to execute"


@pytest.mark.parametrize(
    ("batch", "error", "told"),
    [
        (2, RuntimeError(FULL), None),
        (1, RuntimeError(FULL), OutOfMemoryError),
        (2, RuntimeError(UNABLE), None),
        # cuDNN says the same about an unsupported device
        (1, RuntimeError(UNABLE), RuntimeError),
        (2, RuntimeError("another"), RuntimeError),
        (2, torch.AcceleratorError("an illegal memory access"), DeviceLostError),
    ],
)
def test_distinguishes_a_full_device_from_a_broken_one(
    network: TorchNetwork,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
    error: Exception,
    told: type[BaseException] | None,
) -> None:
    run: Callable[[Samples, Sequence[int]], torch.Tensor] = network._run

    def failing(mixes: Samples, stems: Sequence[int]) -> torch.Tensor:
        if len(mixes) >= batch:
            raise error
        return run(mixes, stems)

    monkeypatch.setattr(network, "_run", failing)
    network.limit = roomy(batch)
    mixes = np.zeros((2, 2, RATE), np.float32)
    if told is None:
        assert network.forward(mixes).shape[0] == 2
    else:
        with pytest.raises(told) as raised:
            network.forward(mixes)
        assert raised.type is told


def fail_above(network: TorchNetwork, most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make batches above `most` fail, as on a full device."""
    sizes: list[int] = []
    run: Callable[[Samples, Sequence[int]], torch.Tensor] = network._run

    def limited(mixes: Samples, stems: Sequence[int]) -> torch.Tensor:
        sizes.append(len(mixes))
        if len(mixes) > most:
            raise torch.cuda.OutOfMemoryError
        return run(mixes, stems)

    monkeypatch.setattr(network, "_run", limited)
    return sizes
