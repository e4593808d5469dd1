from __future__ import annotations

import struct
import subprocess
from contextlib import closing
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from separation_engine.common.errors import InvalidInputError
from separation_engine.common.wav import WavReader, WavWriter
from tests.sounds import RATE, noise, read_wav, write_wav


def test_reads_back_the_same_bits(tmp_path: Path) -> None:
    mix = noise(1001)
    assert np.array_equal(read_wav(write_wav(tmp_path / "a.wav", mix)), mix)


def test_reads_zeros_outside_the_song(tmp_path: Path) -> None:
    mix = noise(10)
    with closing(WavReader(write_wav(tmp_path / "a.wav", mix))) as reader:
        block = reader.read(-3, 20)
    assert np.array_equal(block[:, 3:13], mix)
    assert not block[:, :3].any()
    assert not block[:, 13:].any()


def test_a_follower_reads_each_block_as_soon_as_it_is_written(tmp_path: Path) -> None:
    mix = noise(200)
    writer = WavWriter(tmp_path / "a.wav", 200, RATE)
    writer.write(mix[:, :120])
    with closing(WavReader(tmp_path / "a.wav")) as reader:
        assert np.array_equal(reader.read(0, 120), mix[:, :120])
    writer.close()


def test_refuses_to_finish_a_short_stem(tmp_path: Path) -> None:
    writer = WavWriter(tmp_path / "a.wav", 200, RATE)
    writer.write(noise(199))
    with pytest.raises(AssertionError, match="1 samples short"):
        writer.finish()


@pytest.mark.parametrize("options", [[], ["-rf64", "always"], ["-channel_layout", "stereo"]])
def test_reads_ffmpeg_output_from_a_file(tmp_path: Path, options: list[str]) -> None:
    mix = noise(5000)
    source = write_wav(tmp_path / "a.wav", mix)
    target = tmp_path / "b.wav"
    run_ffmpeg("-i", str(source), "-c:a", "pcm_f32le", *options, "-f", "wav", str(target))
    assert np.array_equal(read_wav(target), mix)


def test_reads_ffmpeg_output_from_a_pipe(tmp_path: Path) -> None:
    mix = noise(5000)
    source = write_wav(tmp_path / "a.wav", mix)
    content = run_ffmpeg("-i", str(source), "-c:a", "pcm_f32le", "-f", "wav", "pipe:1")
    assert struct.pack("<I", 0xFFFFFFFF) in content[:100]
    (tmp_path / "b.wav").write_bytes(content)
    assert np.array_equal(read_wav(tmp_path / "b.wav"), mix)


def test_reads_extensible_float(tmp_path: Path) -> None:
    mix = noise(10)
    samples = mix.T.tobytes()
    layout = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 2, RATE, RATE * 8, 8, 32, 22, 32, 3, 3, b"\0" * 14)
    body = (
        b"WAVEfmt "
        + struct.pack("<I", len(layout))
        + layout
        + b"data"
        + struct.pack("<I", len(samples))
        + samples
    )
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert np.array_equal(read_wav(tmp_path / "a.wav"), mix)


def test_a_stem_above_4_gib_is_rf64(tmp_path: Path) -> None:
    samples = 600_000_000
    writer = WavWriter(tmp_path / "a.wav", samples, RATE)
    writer.close()
    with (tmp_path / "a.wav").open("r+b") as file:
        assert file.read(4) == b"RF64"
        file.truncate(file.seek(0, 2) + samples * 8)
    with closing(WavReader(tmp_path / "a.wav")) as reader:
        assert reader.samples == samples
        assert not reader.read(samples - 5, 5).any()


def test_a_truncated_file_ends_early(tmp_path: Path) -> None:
    mix = noise(100)
    path = write_wav(tmp_path / "a.wav", mix)
    path.write_bytes(path.read_bytes()[:-11])
    assert np.array_equal(read_wav(path), mix[:, :98])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#EXTM3U\nother.wav\n",
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\x7f",
        b"RIFF\0\0\0\0WAVEdata\x08\0\0\0" + b"\0" * 8,
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0"
        + struct.pack("<HHIIHH", 1, 2, RATE, RATE * 4, 4, 16)
        + b"data\0\0\0\0",
    ],
    ids=["empty", "playlist", "no chunks", "huge chunk", "no format", "16 bit"],
)
def test_refuses_anything_but_a_float_wav(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InvalidInputError):
        WavReader(tmp_path / "a.wav")


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot open"):
        WavReader(tmp_path / "a.wav")


def run_ffmpeg(*arguments: str) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
