"""Tests that need a CUDA device. Skipped without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from separation_engine.architectures.htdemucs.torch.residuals import _TritonBranch
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.checks.self_check import snr_db
from separation_engine.common.device import GpuTrial, Precision
from separation_engine.common.errors import CancelledError, OutOfMemoryError
from separation_engine.common.wav import Samples, WavReader
from separation_engine.networks.stem_block import Output
from separation_engine.serving.scheduler import Scheduler
from tests.model_files import FULL
from tests.models import full, write_model
from tests.runs import FixedModels, Listener, make_model, make_request, run_one
from tests.sounds import RATE, read_wav, song, write_wav
from tests.stock import stock, torch_network

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models"), "full", [full()], settings=FULL, checked=False)


def load(weights_dir: Path, precision: Precision = "fp32") -> TorchNetwork:
    return torch_network(weights_dir, precision, "cuda")


@pytest.fixture
def network(weights_dir: Path) -> Iterator[TorchNetwork]:
    network = load(weights_dir)
    yield network
    network.close()


def batch(network: TorchNetwork, size: int) -> Samples:
    return np.stack([song(network.segment_samples, seed=seed) for seed in range(size)])


# the upper bound reveals a device that multiplies in float32 after all
@pytest.mark.parametrize(
    ("precision", "least_db", "most_db"),
    [("fp32", 105.0, 300.0), ("tf32", 50.0, 90.0), ("fp16", 45.0, 70.0), ("bf16", 30.0, 50.0)],
)
def test_equals_stock_on_a_cpu(
    weights_dir: Path, tmp_path: Path, precision: Precision, least_db: float, most_db: float
) -> None:
    mix = song(20 * RATE)
    network = load(weights_dir, precision)
    stems, _ = run_one(make_model([network]), make_request(tmp_path, mix))
    again, _ = run_one(make_model([network]), make_request(tmp_path / "again", mix))
    network.close()
    found = np.stack([stems[name] for name in network.sources])
    assert least_db < snr_db(stock(full(), mix), found) < most_db
    assert np.array_equal(found, np.stack([again[name] for name in network.sources]))


def test_ten_jobs_at_once_equal_ten_jobs_alone(network: TorchNetwork, tmp_path: Path) -> None:
    model = make_model([network])
    mixes = [song(12 * RATE + 5000 * index, seed=index) for index in range(10)]
    alone = [
        run_one(model, make_request(tmp_path / "alone", mix, f"job{index}"))[0]
        for index, mix in enumerate(mixes)
    ]
    listener = Listener()
    scheduler = Scheduler(FixedModels(model), listener)
    for index, mix in enumerate(mixes):
        scheduler.submit(make_request(tmp_path / "together", mix, f"job{index}"))
    scheduler.submit(make_request(tmp_path / "together", song(300 * RATE), "cancelled"))
    while "cancelled" not in listener.progress:
        scheduler.step()
    scheduler.cancel("cancelled")
    while not scheduler.idle:
        scheduler.step()
    assert isinstance(listener.errors.pop("cancelled"), CancelledError)
    assert not listener.errors
    for index, stems in enumerate(alone):
        for stem in listener.results[f"job{index}"].stems:
            np.testing.assert_allclose(read_wav(stem.path), stems[stem.name], atol=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_a_song_never_waits_for_the_device(weights_dir: Path, tmp_path: Path, precision: Precision) -> None:
    network = load(weights_dir, precision)
    mixes = batch(network, 2)
    reader = WavReader(write_wav(tmp_path / "song.wav", song(2 * network.segment_samples)))
    sums = network.accumulator(4, 2 * network.segment_samples)
    window, weights = np.ones(network.segment_samples, np.float32), np.ones(4, np.float32)
    # the first forward copies constants to the device
    network.forward(mixes)
    torch.cuda.set_sync_debug_mode("error")
    try:
        whole = network.song(reader, normalized=True)
        for estimate in network.start([whole.mix(0, network.segment_samples)], range(4)):
            sums.add([*estimate], window, weights, 0)
            pending = whole.finish(0, sums.take(100), 2, [Output(0), Output(3, complement=True)])
    finally:
        torch.cuda.set_sync_debug_mode("default")
    (block,) = pending()
    assert block.frames.shape == (2, 100, 2)
    reader.close()
    network.close()


@pytest.mark.parametrize("precision", ["fp32", "tf32", "fp16"])
def test_graphs_equal_forwards(weights_dir: Path, precision: Precision) -> None:
    plain = load(weights_dir, precision)
    mixes = batch(plain, 7)
    expected = plain.forward(mixes)
    plain.close()
    recorded = torch_network(weights_dir, precision, "cuda", "graphs")
    assert snr_db(expected, recorded.forward(mixes)) > 60
    assert recorded._recorded
    assert {1, 2, 4} <= (recorded._recorded._recordings or {}).keys()
    first = recorded.forward(mixes[::-1].copy())
    assert np.array_equal(first, recorded.forward(mixes[::-1].copy()))
    recorded.close()


# the same sums in another order; in half precision, a rounding may then fall the other way
@pytest.mark.parametrize(
    ("precision", "trials", "least_db"),
    [
        ("fp32", ["fused-norms"], 100),
        ("tf32", ["fused-norms"], 60),
        ("tf32", ["channels-last"], 60),
        ("fp16", ["fused-norms"], 45),
        ("fp16", ["channels-last"], 45),
        ("fp16", ["graphs", "fused-norms", "channels-last"], 45),
    ],
)
def test_what_a_gpu_tries_out_equals_plain_layers(
    weights_dir: Path, precision: Precision, trials: list[GpuTrial], least_db: float
) -> None:
    plain = load(weights_dir, precision)
    mixes = batch(plain, 5)
    expected = plain.forward(mixes)
    plain.close()
    sut = torch_network(weights_dir, precision, "cuda", *trials)
    found = sut.forward(mixes)
    assert snr_db(expected, found) > least_db
    assert np.array_equal(found, sut.forward(mixes))
    assert sut._module
    kinds = {type(module) for module in sut._module.modules()}
    assert (_TritonBranch in kinds) is ("fused-norms" in trials)
    assert bool(sut._recorded and sut._recorded._recordings) is ("graphs" in trials)
    sut.close()


def test_graphs_give_their_memory_back_on_a_full_device(weights_dir: Path) -> None:
    recorded = torch_network(weights_dir, "fp32", "cuda", "graphs")
    mixes = batch(recorded, 8)
    expected = recorded.forward(mixes)
    assert recorded._recorded
    assert recorded._recorded._recordings
    before = recorded.max_batch
    # too little for a forward of 5 beside the graphs, and enough without them
    with almost_full(256 << 20):
        assert snr_db(expected, recorded.forward(np.concatenate([mixes, mixes, mixes[:5]]))[:8]) > 60
        assert recorded._recorded._recordings == {}
        assert recorded.max_batch < before
    recorded.close()


def test_each_network_of_a_bag_gives_back_its_own_graphs(weights_dir: Path) -> None:
    bag = [torch_network(weights_dir, "fp32", "cuda", "graphs") for _ in range(2)]
    mixes = batch(bag[0], 2)
    expected = [network.forward(mixes) for network in bag][1]
    torch.cuda.empty_cache()
    before, _ = torch.cuda.mem_get_info()
    assert bag[0]._recorded
    assert bag[0]._recorded.drop("a test")
    torch.cuda.empty_cache()
    assert torch.cuda.mem_get_info()[0] > before
    assert np.array_equal(bag[1].forward(mixes), expected)
    for network in bag:
        network.close()


@contextmanager
def almost_full(left: int) -> Iterator[None]:
    """Occupy all device memory except for `left` bytes."""
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    taken = torch.empty(free - left, dtype=torch.uint8, device="cuda")
    try:
        yield
    finally:
        del taken
        torch.cuda.empty_cache()


def test_jobs_continue_with_smaller_batches_on_a_full_device(network: TorchNetwork, tmp_path: Path) -> None:
    model = make_model([network])
    request = make_request(tmp_path, song(40 * RATE))
    expected, _ = run_one(model, request)
    before = network.max_batch
    # htdemucs takes 0.4 GiB per segment
    with almost_full(3 << 29):
        found, _ = run_one(model, request)
    assert 1 <= network.max_batch < min(before, 4)
    for name, stem in found.items():
        np.testing.assert_allclose(stem, expected[name], atol=1e-5)


def test_too_little_memory_for_one_segment_is_an_error_that_passes(network: TorchNetwork) -> None:
    mixes = batch(network, 4)
    with almost_full(100 << 20), pytest.raises(OutOfMemoryError):
        network.forward(mixes)
    assert network.forward(mixes).shape[0] == 4
