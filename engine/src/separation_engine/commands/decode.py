"""Decodes any audio file to a WAV, for the command line. The service has its own decoder."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

from separation_engine.common.errors import EngineError, InvalidInputError
from separation_engine.common.wav import WavReader

_TIMEOUT_SECONDS = 1800
# the containers that the service takes, in its order
FORMATS = (
    "wav",
    "w64",
    "aiff",
    "mp3",
    "aac",
    "flac",
    "ogg",
    "mov",
    "matroska",
    "asf",
    "caf",
    "au",
    "ac3",
    "eac3",
    "dts",
    "wv",
    "tta",
)


def decode_song(song: Path, output: Path, sample_rate: int) -> Path:
    """A float32 stereo WAV of the song: the song itself if it is one, else `output`.

    Raises InvalidInputError.
    """
    try:
        with closing(WavReader(song)) as reader:
            if reader.sample_rate == sample_rate:
                return song
    except EngineError:
        if not song.is_file():
            raise
    # a playlist that pretends to be a song must not open other files
    limits = ["-protocol_whitelist", "file,pipe", "-format_whitelist", ",".join(FORMATS)]
    source = [*limits, "-i", f"file:{song}", "-map", "0:a:0", "-vn", "-sn", "-dn"]
    sound = ["-af", filters(sample_rate), "-c:a", "pcm_f32le", "-rf64", "auto", "-f", "wav"]
    command = [_ffmpeg(), "-nostdin", "-v", "error", "-y", *source, *sound, f"file:{output}"]
    try:
        subprocess.run(command, check=True, timeout=_TIMEOUT_SECONDS, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().splitlines()[-1:] or ["ffmpeg gave no reason"]
        raise InvalidInputError(f"{song.name} cannot be decoded: {reason[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise InvalidInputError(f"{song.name} took too long to decode") from error
    return output


def filters(sample_rate: int) -> str:
    """The service's filters: mono keeps its level, and surround neither clips nor loses a channel."""
    mono = "volume='if(eq(nb_channels,1),sqrt(2),1)':precision=float"
    mix = f"aresample={sample_rate}:ochl=stereo:osf=flt:rematrix_maxval=1:lfe_mix_level=0.5"
    return f"asetpts=N/SR/TB,{mono},{mix}"


def _ffmpeg() -> str:
    from imageio_ffmpeg import get_ffmpeg_exe

    return str(get_ffmpeg_exe())
