"""Which models may be fetched, and who has to say yes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from separation_engine.common.settings import Settings, SettingsError, read_settings
from separation_engine.models.catalogue import KNOWN_MODELS
from separation_engine.models.folder import hash_file, read_folder
from tests.hub import Hub, serve_hub
from tests.model_files import random_tensors, write_files

WEIGHTS = "00000000.safetensors"
_NO_START = (
    "from separation_engine.commands import models;"
    " models._make_references = lambda *_: None; models._refusal = lambda *_: None"
)
_MAIN = "import sys; from separation_engine.__main__ import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serve_hub(
        "adefossez/HTDemucs", write_files(tmp_path / "published", "htdemucs", [random_tensors()])
    ) as served:
        yield served


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


def command(hub: Hub, *arguments: str) -> list[str]:
    """`models get htdemucs` without the network's first start, which needs real weights."""
    code = f"{hub.published()}\n{hub.published('htdemucs_6s')}\n{_NO_START}\n{_MAIN}"
    return [sys.executable, "-c", code, "models", "get", "htdemucs", *arguments]


def environment(models_dir: Path, hub: Hub, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "MODELS_DIR": str(models_dir),
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(models_dir.parent / "hub-cache"),
        **more,
    }


def get(models_dir: Path, hub: Hub, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(hub, *arguments),
        env=environment(models_dir, hub, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_fetches_nothing_whose_license_nobody_accepted(hub: Hub, models_dir: Path) -> None:
    done = get(models_dir, hub, "--accept-licence", "copyleft")
    assert done.returncode == 1
    assert done.stderr == (
        "htdemucs is not fetched: its license is none-stated (https://github.com/facebookresearch/demucs/issues/327);"
        " accept it with --accept-licence none-stated, or with ACCEPT_LICENCES=none-stated\n"
    )
    assert not hub.downloads
    assert not (models_dir / "htdemucs").exists()


@pytest.mark.parametrize(
    ("arguments", "more", "means"),
    [
        (("--accept-licence", "none-stated"), {}, "--accept-licence"),
        ((), {"ACCEPT_LICENCES": "copyleft, none-stated"}, "ACCEPT_LICENCES"),
    ],
)
def test_records_who_accepted_what(
    hub: Hub, models_dir: Path, arguments: tuple[str, ...], more: dict[str, str], means: str
) -> None:
    done = get(models_dir, hub, *arguments, **more)
    assert done.returncode == 0, done.stderr
    folder = models_dir / "htdemucs"
    document = json.loads((folder / "model.json").read_text("utf-8"))
    assert document["licence"]["class"] == "none-stated"
    assert document["licence"]["source"].startswith("https://github.com/")
    assert document["accepted"]["class"] == "none-stated"
    assert document["accepted"]["means"] == means
    assert document["accepted"]["by"]
    assert document["accepted"]["at"].endswith("+00:00")
    assert document["files"] == {name: hash_file(folder / name) for name in ("htdemucs.yaml", WEIGHTS)}


@pytest.mark.parametrize(("answer", "installed"), [(b"yes\n", True), (b"\n", False)])
def test_asks_once_on_a_terminal(hub: Hub, models_dir: Path, answer: bytes, *, installed: bool) -> None:
    terminal, child_end = pty.openpty()
    with (
        subprocess.Popen(
            command(hub, "htdemucs_6s"), env=environment(models_dir, hub), stdin=child_end, stderr=child_end
        ) as child,
        os.fdopen(terminal, "r+b", buffering=0) as shown,
    ):
        os.close(child_end)
        # a second question would wait for an answer
        deadline = threading.Timer(60, child.kill)
        deadline.start()
        output = b""
        while b"Type yes or no:" not in output:
            output += shown.read(4096)
        shown.write(answer)
        while True:
            # reading raises EIO once the child has closed its end
            try:
                output += shown.read(4096)
            except OSError:
                break
        deadline.cancel()
    assert b"The license of htdemucs is none-stated. The author wrote in 2022" in output
    assert [(models_dir / name).is_dir() for name in ("htdemucs", "htdemucs_6s")] == [installed] * 2
    assert output.count(b"Type yes or no:") == 1
    assert (b"you did not accept its license" in output) is not installed


def test_a_policy_forbids_a_class_whoever_accepts_it(hub: Hub, models_dir: Path) -> None:
    done = get(models_dir, hub, MODEL_LICENCES="permissive,own", ACCEPT_LICENCES="none-stated")
    assert done.returncode == 1
    assert done.stderr == (
        "htdemucs is not fetched: its license is none-stated (https://github.com/facebookresearch/demucs/issues/327),"
        " and MODEL_LICENCES allows only own, permissive\n"
    )
    assert not hub.downloads


def test_verify_compares_model_json(hub: Hub, models_dir: Path) -> None:
    assert get(models_dir, hub, "--accept-licence", "none-stated").returncode == 0
    verify = [sys.executable, "-m", "separation_engine", "models", "verify", "htdemucs"]

    def verified() -> str:
        done = subprocess.run(
            verify, env=environment(models_dir, hub), capture_output=True, text=True, timeout=60, check=False
        )
        return done.stderr

    origin = models_dir / "htdemucs" / "model.json"
    text = origin.read_text("utf-8")
    assert verified() == "htdemucs: ok\n"
    origin.write_text(json.dumps({**json.loads(text), "files": {WEIGHTS: "0" * 64}}), "utf-8")
    assert verified() == "htdemucs: model.json and SHA256SUMS list other files\n"
    origin.write_text("{", "utf-8")
    assert verified() == "htdemucs: htdemucs/model.json cannot be read\n"
    # as folders of earlier versions
    origin.unlink()
    assert verified() == "htdemucs: ok\n"


def test_settings_name_a_class_that_does_not_exist() -> None:
    everything = Settings.model_licences
    assert read_settings({}).model_licences == everything
    assert read_settings({"MODEL_LICENCES": "own"}).model_licences == {"own"}
    assert read_settings({}).accepted_licences == frozenset()
    with pytest.raises(SettingsError, match="ACCEPT_LICENCES is 'free', but must be one of permissive"):
        read_settings({"ACCEPT_LICENCES": "own,free"})


@pytest.mark.parametrize("name", [name for name, model in KNOWN_MODELS.items() if model.settings is not None])
def test_models_that_the_catalogue_describes_can_be_built(name: str, tmp_path: Path) -> None:
    known = KNOWN_MODELS[name]
    assert [known.network.refusal(runtime) for runtime in known.network.architecture.builders] == [None, None]
    folder = write_files(tmp_path, name, [random_tensors()])
    (folder / WEIGHTS).rename(folder / known.networks[0].stored_name)
    (folder / f"{name}.yaml").write_text(known.description, "utf-8")
    (folder / "SHA256SUMS").write_text(
        "".join(
            f"{hash_file(path)}  {path.name}\n" for path in folder.iterdir() if path.name != "SHA256SUMS"
        ),
        "utf-8",
    )
    settings = read_folder(folder, name).settings[0]
    assert settings == known.network
    assert settings.sources == known.stems


def test_writes_the_same_bags_as_the_hub() -> None:
    published = {
        "htdemucs": "models: ['955717e8']\n",
        "htdemucs_6s": "models: ['5c90dfd2']\n",
        "hdemucs_mmi": "models: ['75fc33f5']\nsegment: 44\n",
    }
    assert {name: KNOWN_MODELS[name].description for name in published} == published
