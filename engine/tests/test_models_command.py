from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.hub import Hub, serve_hub
from tests.model_files import SHORT
from tests.models import short, write_model

WEIGHTS = "00000000.safetensors"
_MAIN = "import sys; from separation_engine.__main__ import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = write_model(tmp_path / "published", "htdemucs", [short()], settings=SHORT, checked=False)
    with serve_hub("adefossez/HTDemucs", folder) as served:
        yield served


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


def run(
    models_dir: Path, *arguments: str, hub: Hub | None = None, published: str = "htdemucs"
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "MODELS_DIR": str(models_dir),
        "HF_ENDPOINT": hub.address if hub else "http://127.0.0.1:9",
        "HF_HOME": str(models_dir.parent / "hub-cache"),
        "DEVICE": "cpu",
        "ACCEPT_LICENCES": "none-stated",
    }
    command = [
        sys.executable,
        "-c",
        f"{hub.published(published) if hub else ''}\n{_MAIN}",
        "models",
        *arguments,
    ]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_fetches_a_model_that_then_works(hub: Hub, models_dir: Path) -> None:
    done = run(models_dir, "get", "htdemucs", hub=hub)
    assert done.returncode == 0, done.stderr
    assert (models_dir / "htdemucs" / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert {path.name for path in (models_dir / "htdemucs").iterdir()} == {
        "SHA256SUMS",
        "htdemucs.yaml",
        "model.json",
        WEIGHTS,
        "00000000.reference.safetensors",
    }
    subprocess.run(["/usr/bin/sha256sum", "-c", "SHA256SUMS"], cwd=models_dir / "htdemucs", check=True)
    rows = run(models_dir, "list", "--json").stdout.splitlines()
    listed = {row["name"]: row for row in map(json.loads, rows)}
    assert listed["htdemucs"]["installed"]
    assert listed["htdemucs"]["weightsSha256"] == hashlib.sha256(hub.files[WEIGHTS]).hexdigest()
    assert not listed["htdemucs_ft"]["installed"]
    assert run(models_dir, "verify", "htdemucs").returncode == 0


def test_fetches_the_models_of_a_recipe(tmp_path: Path, models_dir: Path) -> None:
    folder = write_model(tmp_path / "published", "htdemucs_ft", [short()], settings=SHORT, checked=False)
    with serve_hub("adefossez/HTDemucs-ft", folder) as hub:
        done = run(models_dir, "get", "ft3", hub=hub, published="htdemucs_ft")
    assert done.returncode == 0, done.stderr
    assert (models_dir / "htdemucs_ft" / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    listed = {
        row["name"]: row for row in map(json.loads, run(models_dir, "list", "--json").stdout.splitlines())
    }
    assert listed["ft3"]["installed"]
    assert not listed["best"]["installed"]


def test_names_the_model_of_a_recipe_that_you_must_import(hub: Hub, models_dir: Path) -> None:
    done = run(models_dir, "get", "karaoke", hub=hub)
    assert done.returncode == 1
    assert "import it with `models import --name lead_vocals`" in done.stderr
    assert not hub.downloads


def test_shows_a_progress_bar_on_a_terminal(hub: Hub, models_dir: Path) -> None:
    terminal, stderr = pty.openpty()
    fcntl.ioctl(stderr, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with start_get(models_dir, hub, stderr) as child, os.fdopen(terminal, "rb", buffering=0) as shown:
        os.close(stderr)
        output = b""
        # reading raises EIO once the child has closed its end
        with contextlib.suppress(OSError):
            while block := shown.read(4096):
                output += block
    assert child.returncode == 0
    assert b"100%" in output


def test_resumes_a_broken_download(hub: Hub, models_dir: Path) -> None:
    hub.files[WEIGHTS] = with_long_header(hub.files[WEIGHTS])
    hub.cut[WEIGHTS] = 11_000_000
    broken = start_get(models_dir, hub)
    wait_for_range(hub)
    broken.kill()
    broken.wait(30)
    assert not (models_dir / "htdemucs").exists(), "an incomplete model is not installed"
    hub.cut.clear()
    hub.ranges.clear()
    done = run(models_dir, "get", "htdemucs", hub=hub)
    assert done.returncode == 0, done.stderr
    assert hub.ranges == [f"{WEIGHTS} from 11000000"]
    assert (models_dir / "htdemucs" / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_refuses_a_file_with_the_wrong_hash(hub: Hub, models_dir: Path) -> None:
    hub.lies[WEIGHTS] = "0" * 64
    done = run(models_dir, "get", "htdemucs", hub=hub)
    assert done.returncode == 1
    assert "does not match the expected hash" in done.stderr
    assert not (models_dir / "htdemucs").exists()
    hub.lies.clear()
    assert run(models_dir, "get", "htdemucs", hub=hub).returncode == 0


def test_an_unreachable_hub_is_one_sentence(models_dir: Path) -> None:
    done = run(models_dir, "get", "htdemucs", "--timeout", "2")
    assert done.returncode == 1
    assert done.stderr.startswith("htdemucs could not be fetched from the hub")
    assert "Traceback" not in done.stderr


def test_a_model_missing_on_the_hub_is_one_sentence(hub: Hub, models_dir: Path) -> None:
    assert "could not be fetched" in run(models_dir, "get", "htdemucs_ft", hub=hub).stderr
    assert "the hub's models are" in run(models_dir, "get", "nonsense", hub=hub).stderr


def test_verify_finds_a_changed_file(models_dir: Path) -> None:
    folder = write_model(models_dir, "short", [short()], settings=SHORT)
    assert run(models_dir, "verify", "short").returncode == 0
    with (folder / WEIGHTS).open("ab") as file:
        file.write(b"x")
    done = run(models_dir, "verify", "short")
    assert done.returncode == 1
    assert f"{WEIGHTS} changed" in done.stderr


def test_record_trusts_a_model_installed_by_hand(models_dir: Path) -> None:
    folder = write_model(models_dir, "mine", [short()], settings=SHORT, checked=False)
    (folder / "SHA256SUMS").unlink()
    assert run(models_dir, "verify", "mine").returncode == 1
    done = run(models_dir, "record", "mine")
    assert done.returncode == 0, done.stderr
    assert run(models_dir, "verify", "mine").returncode == 0
    assert (folder / "00000000.reference.safetensors").is_file(), "later starts are checked against it"


def with_long_header(content: bytes) -> bytes:
    """The same weights padded to a file of 12 MB."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["padding"] = "x" * 12_000_000
    padded = json.dumps(header).encode()
    return len(padded).to_bytes(8, "little") + padded + content[8 + length :]


def start_get(models_dir: Path, hub: Hub, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "MODELS_DIR": str(models_dir),
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(models_dir.parent / "hub-cache"),
        "ACCEPT_LICENCES": "none-stated",
    }
    command = [sys.executable, "-c", f"{hub.published()}\n{_MAIN}", "models", "get", "htdemucs"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)


def wait_for_range(hub: Hub) -> None:
    """Wait until the client resumes. The hub cuts it off again at the same byte."""
    deadline = time.monotonic() + 60
    while not hub.ranges:
        assert time.monotonic() < deadline, "the client never resumed the download"
        time.sleep(0.01)
