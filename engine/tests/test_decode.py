"""The command line decodes a song as the service does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from separation_engine.commands.decode import FORMATS, decode_song, filters
from tests.sounds import RATE, read_wav

LIBRARIES = Path(__file__).parents[2] / "libs"


def make(path: Path, sound: str, *arguments: str) -> Path:
    source = ["-v", "error", "-f", "lavfi", "-i", sound]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *source, *arguments, str(path)], check=True, timeout=60)
    return path


@pytest.mark.parametrize("rate", [RATE, 48_000])
def test_a_mono_song_keeps_its_level(tmp_path: Path, rate: int) -> None:
    mono = make(tmp_path / "mono.flac", f"aevalsrc=0.5:d=0.5:s={rate}:c=mono")
    decoded = read_wav(decode_song(mono, tmp_path / "mix.wav", RATE))
    assert decoded.shape == (2, RATE // 2)
    np.testing.assert_allclose(decoded[:, 5000:15_000], 0.5, atol=1e-4)


def test_a_stereo_song_keeps_every_sample(tmp_path: Path) -> None:
    stereo = make(tmp_path / "stereo.wav", f"aevalsrc=0.25|-0.5:d=0.5:s={RATE}", "-c:a", "pcm_s24le")
    decoded = read_wav(decode_song(stereo, tmp_path / "mix.wav", RATE))
    np.testing.assert_array_equal(decoded, np.repeat([[0.25], [-0.5]], RATE // 2, axis=1))


def test_surround_is_mixed_without_clipping_and_without_loss(tmp_path: Path) -> None:
    surround = make(tmp_path / "surround.flac", f"aevalsrc=0.9|0.9|0.9|0.9|0.9|0.9:d=0.5:s={RATE}:c=5.1")
    decoded = read_wav(decode_song(surround, tmp_path / "mix.wav", RATE))
    np.testing.assert_allclose(decoded, 0.9, atol=1e-3)
    effects = make(tmp_path / "effects.flac", f"aevalsrc=0|0|0|0.9|0|0:d=0.5:s={RATE}:c=5.1")
    assert read_wav(decode_song(effects, tmp_path / "mix.wav", RATE)).min() > 0.1


def test_the_filters_are_those_of_the_service() -> None:
    source = (LIBRARIES / "audio/src/decoding/decode-arguments.ts").read_text()
    [block] = re.findall(r"^const FILTERS = \[\n(.*?)^\]\.join\(','\);$", source, re.DOTALL | re.MULTILINE)
    written = re.findall(r"^  (['`])(.*)\1,$", block, re.MULTILINE)
    assert filters(RATE) == ",".join(text for _, text in written).replace("${WORKING_RATE}", str(RATE))


def test_the_containers_are_those_of_the_service() -> None:
    source = (LIBRARIES / "separations/src/vocabulary/containers.ts").read_text()
    [block] = re.findall(r"^export const CONTAINERS = \{\n(.*?)^\}", source, re.DOTALL | re.MULTILINE)
    assert tuple(re.findall(r"^  (\w+): \{", block, re.MULTILINE)) == FORMATS
