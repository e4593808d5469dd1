"""Weights that do not say which network they belong to: the catalogue does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from separation_engine.models.folder import hash_file
from tests.hub import Hub, serve_hub
from tests.roformer.weights import SMALL, make_weights

NAME = "melband_roformer_kim"
FILE = f"{NAME}.safetensors"
SETTINGS = {name: value for name, value in SMALL.items() if name not in {"sources", "segment"}}
_MAIN = "import sys; from separation_engine.__main__ import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    save_file(dict(make_weights("mel", SMALL).tensors), folder / FILE)
    return folder


@pytest.fixture
def hub(published: Path) -> Iterator[Hub]:
    with serve_hub("Ryan5453/unblend", published) as served:
        yield served


def get(models_dir: Path, hub: Hub, **settings: object) -> subprocess.CompletedProcess[str]:
    """`models get` of a small network, by the file name of the large one."""
    catalogue = hub.published(NAME, pinned=True, more=f"segment=1, settings={ {**SETTINGS, **settings}!r}")
    return subprocess.run(
        [sys.executable, "-c", f"{catalogue}\n{_MAIN}", "models", "get", NAME],
        env={
            **os.environ,
            "MODELS_DIR": str(models_dir),
            "HF_ENDPOINT": hub.address,
            "HF_HOME": str(models_dir.parent / "hub-cache"),
            "DEVICE": "cpu",
            "ENGINE_BACKEND": "openvino",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_are_fetched_as_they_are_and_run(hub: Hub, published: Path, tmp_path: Path) -> None:
    done = get(tmp_path / "models", hub)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "models" / NAME
    assert hash_file(folder / "melband_.safetensors") == hash_file(published / FILE)
    # made by running it on the known segment, twice
    assert (folder / "melband_.reference.safetensors").is_file()


def test_are_refused_if_they_do_not_fit(hub: Hub, tmp_path: Path) -> None:
    done = get(tmp_path / "models", hub, depth=3)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("the weights have no tensor layers.2.")
    assert not (tmp_path / "models" / NAME).exists()
