from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from separation_engine.common.errors import EngineError
from separation_engine.common.wav import Samples, WavReader
from separation_engine.models.importing import import_model
from separation_engine.models.library import ModelLibrary
from tests.roformer.weights import SMALL, make_weights
from tests.scnet.weights import SMALL as SCNET_SETTINGS
from tests.scnet.weights import make_weights as make_scnet_weights
from tests.sounds import song, write_wav

# as the training code writes it
CONFIG = """
audio:
  chunk_size: 44200
  sample_rate: 44100
model:
  dim: 32
  depth: 2
  stereo: true
  num_stems: 1
  time_transformer_depth: 1
  freq_transformer_depth: 1
  linear_transformer_depth: 0
  freqs_per_bands: !!python/tuple [8, 8, 8, 8, 32, 64, 128, 256, 513]
  dim_head: 16
  heads: 4
  attn_dropout: 0.1
  flash_attn: true
  stft_n_fft: 2048
  stft_hop_length: 441
  stft_win_length: 2048
  stft_normalized: false
  mask_estimator_depth: 2
  multi_stft_resolutions_window_sizes: !!python/tuple
  - 4096
  - 2048
training:
  instruments: [Vocals, other]
  target_instrument: Vocals
  use_amp: true
inference:
  num_overlap: 2
"""
SETTINGS = {**SMALL, "freqs_per_bands": [8, 8, 8, 8, 32, 64, 128, 256, 513]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, "utf-8")
    return path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    tensors = make_weights("bs", SETTINGS).tensors
    path = tmp_path / "model.ckpt"
    torch.save(
        {"state_dict": {f"model.{name}": torch.from_numpy(one) for name, one in tensors.items()}}, path
    )
    return path


def run(models_dir: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "separation_engine", *map(str, arguments)]
    environment = {**os.environ, "MODELS_DIR": str(models_dir), "DEVICE": "cpu"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def read(path: Path) -> Samples:
    reader = WavReader(path)
    try:
        return reader.read(0, reader.samples)
    finally:
        reader.close()


def test_an_imported_model_separates(tmp_path: Path, checkpoint: Path, config: Path) -> None:
    models_dir = tmp_path / "models"
    done = run(models_dir, "models", "import", checkpoint, "--config", config, "--name", "mine")
    assert done.returncode == 0, done.stderr
    assert "You are responsible for its license" in done.stderr

    folder = ModelLibrary(models_dir).find("mine")
    assert folder.sources == ("vocals",)
    assert folder.settings[0].segment_samples == 44_100
    for name, tensor in make_weights("bs", SETTINGS).tensors.items():
        np.testing.assert_array_equal(folder.read_weights(0).tensors[name], tensor)

    mix = song(3 * 44_100)
    write_wav(tmp_path / "song.wav", mix)
    stems = ("--stems", "vocals,instrumental")
    done = run(models_dir, "separate", tmp_path / "song.wav", tmp_path / "out", "--model", "mine", *stems)
    assert done.returncode == 0, done.stderr
    vocals, rest = (read(tmp_path / "out" / f"{name}.wav") for name in ("vocals", "instrumental"))
    assert np.abs(vocals).max() > 0.01
    np.testing.assert_allclose(vocals + rest, mix, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("num_stems: 1", "num_stems: 2"), "2 stems"),
        (lambda text: text.replace("heads: 4", "heads: 8"), "to_qkv"),
        (lambda text: text.replace("depth: 2", "depth: 3"), "no tensor layers"),
        (lambda text: text.replace("depth: 2", "depth: 1"), "leaves out"),
        (lambda text: text.replace("flash_attn", "new_switch"), "new_switch"),
        (lambda text: text.replace("freqs_per_bands", "band_split"), "unknown kind"),
        (lambda text: text.replace("Vocals", "../vocals"), "names of stems"),
        (lambda text: text.replace("Vocals", "!!python/object/apply:os.system [id]"), "readable"),
        (lambda text: text + "more: &a [1]\nmost: *a\n", "aliases"),
        (lambda text: text.replace("44200", "huge"), "whole number"),
        (lambda text: text + "  normalize: true\n", "normalize"),
        (lambda text: "[" * 100_000 + text, "readable"),
        (lambda text: text + "#" * (1 << 20), "MiB"),
        (lambda _: "", "unknown kind"),
    ],
)
def test_refuses_configurations_that_do_not_fit(
    tmp_path: Path, checkpoint: Path, config: Path, change: Callable[[str], str], reason: str
) -> None:
    config.write_text(change(CONFIG), "utf-8")

    with pytest.raises(EngineError, match=reason):
        import_model(checkpoint, config, "mine", tmp_path / "models")
    assert not (tmp_path / "models").exists()


SCNET_CONFIG = """
audio:
  chunk_size: 30000
  sample_rate: 44100
model:
  sources: [drums, bass, other, vocals]
  audio_channels: 2
  dims: [4, 8, 16]
  nfft: 1024
  win_size: 1024
  hop_size: 256
  normalized: True
  band_SR: [0.175, 0.392, 0.433]
  band_stride: [1, 4, 16]
  band_kernel: [3, 4, 16]
  conv_depths: [2, 1, 1]
  num_dplayer: 2
training:
  instruments: [drums, bass, other, vocals]
  target_instrument: null
inference:
  normalize: false
"""


def test_imports_an_scnet(tmp_path: Path, config: Path) -> None:
    config.write_text(SCNET_CONFIG, "utf-8")
    tensors = make_scnet_weights(SCNET_SETTINGS).tensors
    checkpoint = tmp_path / "scnet.th"
    torch.save({"best_state": {name: torch.from_numpy(value) for name, value in tensors.items()}}, checkpoint)

    import_model(checkpoint, config, "mine", tmp_path / "models")

    folder = ModelLibrary(tmp_path / "models").find("mine")
    assert folder.settings[0].architecture.klass == "scnet.SCNet"
    assert folder.sources == ("drums", "bass", "other", "vocals")
    assert folder.settings[0].segment_samples == 30_000


def test_takes_no_name_of_another_model(tmp_path: Path, checkpoint: Path, config: Path) -> None:
    models_dir = tmp_path / "models"
    import_model(checkpoint, config, "mine", models_dir)

    for name in ("mine", "htdemucs", "../mine", ""):
        with pytest.raises(EngineError):
            import_model(checkpoint, config, name, models_dir)
    assert [path.name for path in models_dir.iterdir() if not path.name.startswith(".")] == ["mine"]
