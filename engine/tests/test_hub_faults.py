"""Fetching from a hub that is busy, walled, or only a plain web server; and two processes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.hub import Hub, serve_hub
from tests.model_files import SHORT
from tests.models import short, write_model

WEIGHTS = "00000000.safetensors"
MEMBER = "hf_of_a_test"
_MAIN = "import sys; from separation_engine.__main__ import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # with its reference, to skip the two processes that make it
    return write_model(tmp_path_factory.mktemp("published"), "htdemucs", [short()], settings=SHORT)


@pytest.fixture
def hub(published: Path) -> Iterator[Hub]:
    with serve_hub("adefossez/HTDemucs", published) as served:
        yield served


@pytest.fixture
def models_dir(tmp_path: Path, published: Path) -> Path:
    """Its cache has the model's reference, which would take two processes to make."""
    cache = tmp_path / "models" / ".cache"
    cache.mkdir(parents=True)
    reference = "00000000.reference.safetensors"
    (cache / reference).write_bytes((published / reference).read_bytes())
    return tmp_path / "models"


def start(
    models_dir: Path, hub: Hub, *arguments: str, before: str = "", token: str = "", model: str = "htdemucs"
) -> subprocess.Popen[str]:
    """before: Python to run after the catalogue describes the hub's weights."""
    environment = {
        **os.environ,
        "MODELS_DIR": str(models_dir),
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(models_dir.parent / "hub-cache"),
        "HF_TOKEN": token,
        "DEVICE": "cpu",
        "ACCEPT_LICENCES": "none-stated",
    }
    catalogue = hub.published(model)
    command = [sys.executable, "-c", f"{catalogue}\n{before}\n{_MAIN}", "models", "get", model, *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


NO_TORCH = (
    "from separation_engine.backends import select; select.is_installed = lambda *names: 'torch' not in names"
)


def get(
    models_dir: Path, hub: Hub, *arguments: str, before: str = "", token: str = "", model: str = "htdemucs"
) -> tuple[int, str]:
    """The exit status and stderr of `models get htdemucs`."""
    with start(models_dir, hub, *arguments, before=before, token=token, model=model) as child:
        _, stderr = child.communicate(timeout=120)
    return child.returncode, stderr


@pytest.mark.parametrize(("call", "status"), [(f"HEAD {WEIGHTS}", 429), (f"GET {WEIGHTS}", 503)])
def test_a_busy_hub_is_asked_again(hub: Hub, models_dir: Path, call: str, status: int) -> None:
    hub.refusals[call] = [(status, {}), (status, {})]
    code, stderr = get(models_dir, hub)
    assert code == 0, stderr
    assert f"127.0.0.1 answered {status}: trying again in " in stderr
    assert (models_dir / "htdemucs" / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_waits_as_long_as_the_hub_asks(hub: Hub, models_dir: Path) -> None:
    soon = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True)
    hub.refusals[f"HEAD {WEIGHTS}"] = [(429, {"Retry-After": "30"}), (503, {"Retry-After": soon})]
    # the pauses pass at once
    code, stderr = get(models_dir, hub, before="import time; time.sleep = lambda _: None")
    assert code == 0, stderr
    pauses = [int(line.split()[-2]) for line in stderr.splitlines() if "trying again in" in line]
    assert 30 <= pauses[0] <= 38
    assert 50 <= pauses[1] <= 75


def test_gives_up_on_a_long_wait_and_says_what_to_do(hub: Hub, models_dir: Path) -> None:
    hub.refusals[f"HEAD {WEIGHTS}"] = [(429, {"Retry-After": "3600"})]
    code, stderr = get(models_dir, hub)
    assert code == 1
    assert stderr == (
        "htdemucs could not be fetched from the hub: 127.0.0.1 answered 429. "
        "Try again in 3600 s, set HF_TOKEN, or set HF_ENDPOINT to a mirror.\n"
    )


def test_asks_for_a_new_address_after_one_has_expired(hub: Hub, models_dir: Path) -> None:
    hub.store = True
    hub.refusals[f"GET {WEIGHTS}"] = [(403, {})]
    code, stderr = get(models_dir, hub)
    assert code == 0, stderr
    assert (models_dir / "htdemucs" / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_sends_the_token_to_the_hub_and_not_to_its_store(hub: Hub, models_dir: Path) -> None:
    hub.token, hub.store = MEMBER, True
    code, stderr = get(models_dir, hub, token=MEMBER)
    assert code == 0, stderr
    assert hub.tokens == {"hub": {f"Bearer {MEMBER}"}, "store": {None}}


def test_downloads_from_a_mirror_behind_a_login(hub: Hub, models_dir: Path) -> None:
    hub.token = MEMBER
    code, stderr = get(models_dir, hub)
    assert code == 1
    assert "127.0.0.1 answered 401. Set HF_TOKEN to a token that may read this model." in stderr
    code, stderr = get(models_dir, hub, token=MEMBER)
    assert code == 0, stderr


def test_a_plain_web_server_will_do_if_the_catalogue_knows_the_files(hub: Hub, models_dir: Path) -> None:
    hub.plain = True
    code, stderr = get(models_dir, hub)
    assert code == 1
    assert f"the server reports no hash for {WEIGHTS}" in stderr
    code, stderr = get(models_dir, hub, before=hub.published(pinned=True))
    assert code == 0, stderr
    assert (models_dir / "htdemucs" / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_refuses_another_file_under_the_name_of_a_known_one(hub: Hub, models_dir: Path) -> None:
    before = hub.published(pinned=True)
    hub.files[WEIGHTS] += b"x"
    code, stderr = get(models_dir, hub, before=before)
    assert code == 1
    assert f"the hub's {WEIGHTS} is not the file that this version knows" in stderr
    hub.plain = True
    code, stderr = get(models_dir, hub, before=before)
    assert code == 1
    assert f"{WEIGHTS} does not match" in stderr
    assert not (models_dir / "htdemucs").exists()


def test_downloads_the_revision_that_the_catalogue_names(hub: Hub, models_dir: Path) -> None:
    code, stderr = get(models_dir, hub, before=hub.published(revision=hub.commit))
    assert code == 0, stderr
    origin = json.loads((models_dir / "htdemucs" / "model.json").read_text("utf-8"))["origin"]
    assert origin == {"kind": "hub", "repositories": [hub.repository], "revisions": [hub.commit]}


def test_a_file_whose_hash_is_known_may_come_from_a_newer_revision(hub: Hub, models_dir: Path) -> None:
    gone = "f" * 40
    code, stderr = get(models_dir, hub, before=hub.published(revision=gone))
    assert code == 1
    assert "127.0.0.1 answered 404. It does not have this file" in stderr
    assert not (models_dir / "htdemucs").exists()
    code, stderr = get(models_dir, hub, before=hub.published(revision=gone, pinned=True))
    assert code == 0, stderr
    assert "127.0.0.1 does not have revision ffffffff: trying its newest one\n" in stderr


def test_refuses_a_hub_that_answers_with_another_revision(hub: Hub, models_dir: Path) -> None:
    hub.reported = "e" * 40
    code, stderr = get(models_dir, hub, before=hub.published(revision=hub.commit))
    assert code == 1
    assert f"the hub answers with revision eeeeeeee of {hub.repository} instead of 01234567\n" in stderr
    assert not hub.downloads
    assert not (models_dir / "htdemucs").exists()


def test_a_connection_that_breaks_again_and_again_is_one_sentence(hub: Hub, models_dir: Path) -> None:
    hub.cut[WEIGHTS] = 1000
    code, stderr = get(models_dir, hub, before="import time; time.sleep = lambda _: None")
    assert code == 1
    assert stderr.splitlines()[-1] == (
        "htdemucs could not be fetched from the hub: the connection to 127.0.0.1 broke off."
        " Try again: the download goes on where it stopped."
    )
    assert stderr.count("127.0.0.1 broke off: trying again in ") == 4
    assert not (models_dir / "htdemucs").exists()
    hub.cut.clear()
    assert get(models_dir, hub)[0] == 0
    assert hub.ranges[-1] == f"{WEIGHTS} from 1000"


def test_a_full_disk_is_one_sentence_and_installs_nothing(hub: Hub, models_dir: Path) -> None:
    unfinished = models_dir / ".partial" / "htdemucs" / f"{WEIGHTS}.{hub.etag(WEIGHTS)[:16]}.unfinished"
    unfinished.parent.mkdir(parents=True)
    unfinished.symlink_to("/dev/full")
    code, stderr = get(models_dir, hub)
    assert code == 1
    assert stderr.endswith(
        "htdemucs could not be fetched from the hub: the disk is full. Free some space."
        " Try again: the download goes on where it stopped.\n"
    )
    assert not (models_dir / "htdemucs").exists()
    unfinished.unlink()
    assert get(models_dir, hub)[0] == 0


def test_refuses_a_model_that_cannot_run_here_before_the_download(published: Path, models_dir: Path) -> None:
    with serve_hub("adefossez/Demucs-hdemucs_mmi", published) as hub:
        code, stderr = get(models_dir, hub, model="hdemucs_mmi", before=NO_TORCH)
        assert not hub.downloads
        assert code == 1
    assert stderr.startswith("hdemucs_mmi cannot run here, so it is not fetched: HDemucs runs on torch only")
    assert stderr.count("\n") == 1


def test_a_second_process_waits_for_the_first_and_finds_the_model(hub: Hub, models_dir: Path) -> None:
    hub.gates[WEIGHTS] = threading.Event()
    with start(models_dir, hub) as first:
        assert first.stderr
        assert first.stderr.readline() == "fetching htdemucs/00000000\n"
        with start(models_dir, hub, "--force") as second:
            assert second.stderr
            assert second.stderr.readline() == "another process is fetching htdemucs: waiting for it\n"
            hub.gates[WEIGHTS].set()
            outputs = [child.communicate(timeout=120)[1] for child in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert "htdemucs is already installed" in outputs[1]
    assert hub.downloads.count(WEIGHTS) == 1


def test_the_lock_ends_with_its_process(hub: Hub, models_dir: Path) -> None:
    hub.gates[WEIGHTS] = threading.Event()
    with start(models_dir, hub) as first:
        assert first.stderr
        first.stderr.readline()
        first.kill()
    hub.gates[WEIGHTS].set()
    code, stderr = get(models_dir, hub)
    assert code == 0, stderr
