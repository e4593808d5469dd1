"""Recorded forwards, with a recorder that repeats them as a CUDA graph does: into the same memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch.torch_version import TorchVersion

from separation_engine.backends.torch import batch_limit
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.backends.torch.recorded_forwards import RecordedForwards, can_record
from separation_engine.models.folder import read_folder
from tests.model_files import SHORT
from tests.models import SMALL_HYBRID, short, small_hybrid, write_model
from tests.sounds import RATE, song
from tests.stock import roomy, torch_network

SAMPLES = 5


class Graphs:
    """Sizes recorded and repeated. wrong: what each repeat adds. failing: errors by size."""

    def __init__(self, wrong: float = 0.0, failing: dict[int, Exception] | None = None) -> None:
        self.recorded: list[int] = []
        self.repeated: list[int] = []
        self.wrong = wrong
        self.failing = failing or {}

    def record(self, call: Callable[[], torch.Tensor]) -> tuple[Callable[[], None], torch.Tensor]:
        outputs = call().clone()
        size = len(outputs)
        if size in self.failing:
            raise self.failing[size]
        self.recorded.append(size)

        def replay() -> None:
            self.repeated.append(size)
            outputs.copy_(call() + self.wrong)

        return replay, outputs


def recorded(graphs: Graphs, most: int = 16) -> RecordedForwards:
    return RecordedForwards(forward, graphs.record, most, SAMPLES)


def forward(mixes: torch.Tensor) -> torch.Tensor:
    return torch.stack([mixes, 2 * mixes], 1)


def mixes_of(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(size, 2, SAMPLES, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [1, 3, 9, 16, 21])
def test_equals_the_forward(size: int) -> None:
    graphs = Graphs()
    sut = recorded(graphs)
    wanted = [mixes_of(size, seed) for seed in range(3)]
    # compared after all of them: a result must not change later
    found = [sut(mixes) for mixes in wanted]
    for mixes, stems in zip(wanted, found, strict=True):
        assert torch.equal(stems, forward(mixes))
    # largest first, and each once
    assert graphs.recorded == [16, 8, 4, 2, 1]


def test_makes_a_batch_of_few_repeats() -> None:
    graphs = Graphs()
    sut = recorded(graphs)
    sut(mixes_of(1))
    graphs.repeated.clear()
    sut(mixes_of(13))
    assert graphs.repeated == [8, 4, 1]


def test_records_no_larger_batches_than_the_network_takes() -> None:
    graphs = Graphs()
    recorded(graphs, most=5)(mixes_of(5))
    assert graphs.recorded == [4, 2, 1]


@pytest.mark.parametrize(
    "graphs", [Graphs(failing={4: RuntimeError("operation not permitted")}), Graphs(wrong=0.1)]
)
def test_runs_as_usual_and_tells_why_if_it_cannot_record(
    graphs: Graphs, caplog: pytest.LogCaptureFixture
) -> None:
    sut = recorded(graphs)
    for seed in range(2):
        mixes = mixes_of(16, seed)
        assert torch.equal(sut(mixes), forward(mixes))
    repeated = [*graphs.repeated]
    sut(mixes_of(16))
    assert graphs.repeated == repeated
    (line,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "without CUDA graphs: " in line.message
    assert "operation not permitted" in line.message or "differs by" in line.message


def test_records_what_fits_into_memory(caplog: pytest.LogCaptureFixture) -> None:
    graphs = Graphs(failing={16: torch.cuda.OutOfMemoryError(), 1: torch.cuda.OutOfMemoryError()})
    sut = recorded(graphs)
    mixes = mixes_of(17)
    assert torch.equal(sut(mixes), forward(mixes))
    assert graphs.recorded == [8, 4, 2]
    assert "no memory for a CUDA graph of 16 segments" in caplog.text


def test_batches_of_more_than_two_graphs_run_as_usual(caplog: pytest.LogCaptureFixture) -> None:
    graphs = Graphs()
    sut = recorded(graphs, most=3)
    sut(mixes_of(1))
    with caplog.at_level("INFO"):
        for size in (4, 5, 16):
            graphs.repeated.clear()
            assert torch.equal(sut(mixes_of(size)), forward(mixes_of(size)))
            assert graphs.repeated == ([2, 2] if size == 4 else [])
    (line,) = [record for record in caplog.records if "without CUDA graphs" in record.message]
    assert line.message == "batches of 5 run without CUDA graphs: the largest graph is of 2"


@pytest.mark.parametrize(("installed", "can"), [("2.10.1+cu128", False), ("2.11.0", True), ("3.0", True)])
def test_old_versions_of_torch_record_nothing(
    installed: str, can: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch, "__version__", TorchVersion(installed))
    assert can_record() is can
    assert (f"torch 2.11, but {installed} is installed" in caplog.text) is not can


def test_a_network_of_any_length_tells_that_it_has_no_graphs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_model(tmp_path, "hybrid", [small_hybrid()], settings=SMALL_HYBRID, checked=False)
    settings = read_folder(folder, "hybrid").settings[0]
    cpu, record = torch.device("cpu"), Graphs().record
    TorchNetwork(small_hybrid(), settings, cpu, "fp32", lambda *_: mixes_of(1), record)
    assert "without CUDA graphs: it takes chunks of any length" in caplog.text


def test_other_lengths_run_as_usual() -> None:
    graphs = Graphs()
    mixes = torch.randn(3, 2, SAMPLES - 1)
    assert torch.equal(recorded(graphs)(mixes), forward(mixes))
    assert not graphs.recorded


@pytest.mark.parametrize(("most", "sizes"), [(2, [2, 1]), (1, [1])])
def test_a_network_repeats_its_forwards_until_the_device_is_full(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    most: int,
    sizes: list[int],
) -> None:
    folder = write_model(tmp_path, "short", [short()], settings=SHORT, checked=False)
    network, graphs = torch_network(folder), Graphs()
    mixes = np.stack([song(RATE, seed=seed) for seed in range(3)])
    expected = network.forward(mixes)
    network.limit = roomy(most)
    network._recorded = RecordedForwards(network._forward, graphs.record, most, RATE)
    assert np.allclose(network.forward(mixes), expected, atol=1e-5)
    assert graphs.recorded == sizes
    repeated = len(graphs.repeated)
    monkeypatch.setattr(torch.Tensor, "clone", full_once(torch.Tensor.clone))
    assert np.allclose(network.forward(mixes), expected, atol=1e-5)
    assert len(graphs.repeated) == repeated + 1
    assert "without CUDA graphs: the device is full" in caplog.text
    assert network.max_batch == 1


def test_records_again_once_the_device_has_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_limit, "_PATIENCE", 1)
    folder = write_model(tmp_path, "short", [short()], settings=SHORT, checked=False)
    network, graphs = torch_network(folder), Graphs()
    mixes = np.stack([song(RATE, seed=seed) for seed in range(2)])
    network.limit = roomy(2)
    network._recorded = RecordedForwards(network._forward, graphs.record, 2, RATE)
    network.forward(mixes)
    assert network._recorded.drop("the device is full")
    network.limit.shrink(2)
    # not before a full batch fits
    network.forward(mixes[:1])
    assert graphs.recorded == [2, 1]
    network.forward(mixes)
    network.forward(mixes)
    assert network.max_batch == 2
    assert graphs.recorded == [2, 1, 2, 1]


def test_never_records_again_if_the_device_cannot() -> None:
    graphs = Graphs(wrong=0.1)
    sut = recorded(graphs)
    sut(mixes_of(16))
    tried = [*graphs.recorded]
    sut.record_again()
    assert torch.equal(sut(mixes_of(16)), forward(mixes_of(16)))
    assert graphs.recorded == tried


def full_once(call: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """The first call finds no memory."""
    calls = 0

    def limited(*arguments: object, **options: object) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise torch.cuda.OutOfMemoryError
        return call(*arguments, **options)

    return limited
