from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

pytest.importorskip("torch")

from separation_engine.__main__ import main
from tests.model_files import SHORT
from tests.models import short, write_model
from tests.sounds import RATE, noise, read_wav, song, write_wav


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_model(tmp_path / "models", "short", [short()], settings=SHORT)
    for name, value in {"MODELS_DIR": str(tmp_path / "models"), "MODEL": "short", "DEVICE": "cpu"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "models"


def test_separates_a_compressed_song(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mix = song(3 * RATE)
    encoded = tmp_path / "song.flac"
    source = write_wav(tmp_path / "song.wav", mix)
    encode = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source), "-ar", "48000", str(encoded)]
    subprocess.run(encode, check=True, timeout=60)
    assert main(["separate", str(encoded), str(tmp_path / "out"), "--stems", "vocals,instrumental"]) == 0
    written = capfd.readouterr()
    assert written.out.splitlines() == [
        str(tmp_path / "out" / f"{stem}.wav") for stem in ("vocals", "instrumental")
    ]
    assert "100%" in written.err
    stems = [read_wav(Path(line)) for line in written.out.splitlines()]
    assert stems[0].shape == stems[1].shape == (2, 3 * RATE)
    assert np.abs(sum(stems) - mix).max() < 0.05
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"vocals.wav", "instrumental.wav"}


def test_the_gain_is_applied(tmp_path: Path) -> None:
    loud = write_wav(tmp_path / "loud.wav", 30 * noise(RATE))
    assert main(["separate", str(loud), str(tmp_path / "out"), "--backend", "torch"]) == 0
    peaks = [np.abs(read_wav(path)).max() for path in (tmp_path / "out").iterdir()]
    # the next whole dB would clip
    assert 10 ** (-1 / 20) < max(peaks) <= 1 + 1e-6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model", "nonsense"], "there is no model nonsense"),
        (["--stems", "piano"], "not piano"),
        (["--device", "cuda"], "DEVICE is cuda, but"),
    ],
)
def test_an_error_is_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    source = write_wav(tmp_path / "song.wav", song(RATE))
    assert main(["separate", str(source), str(tmp_path / "out"), *arguments]) == 1
    assert sentence in capfd.readouterr().err.splitlines()[-1]


def test_a_playlist_named_like_a_song_opens_no_other_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_wav(tmp_path / "other.wav", song(RATE))
    playlist = tmp_path / "song.mp3"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.wav\n#EXT-X-ENDLIST\n")
    assert main(["separate", str(playlist), str(tmp_path / "out")]) == 1
    assert "cannot be decoded" in capfd.readouterr().err


def test_a_missing_song_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["separate", str(tmp_path / "none.wav"), str(tmp_path / "out")]) == 1
    assert "cannot open the input" in capfd.readouterr().err


def test_openvino_runs_without_importing_torch(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "song.wav", song(RATE))
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from separation_engine.__main__ import main\n"
        f"sys.exit(main(['separate', {str(source)!r}, {str(tmp_path / 'out')!r}, '--stems', 'bass']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "with openvino" in done.stderr
