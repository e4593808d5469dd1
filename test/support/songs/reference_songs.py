"""Writes songs in many formats, and beside each the samples that libsndfile reads from it.

usage: reference_songs.py FOLDER
Prints a JSON list of `{name, tolerance, shortBy}`; `<name>.expected` has interleaved stereo float32 samples at 44.1 kHz.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100
SAMPLES = 5_001
# float32 holds 24 bits
EXACT = 2.0**-23
# two decoders of one lossy stream round differently
LOSSY = 3e-4
CONTAINERS = {"WAV": "wav", "WAVEX": "wav", "RF64": "wav", "W64": "w64", "AIFF": "aiff", "FLAC": "flac", "OGG": "ogg"}
CONTAINERS |= {"AU": "au", "CAF": "caf"}
SUBTYPES = ["PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW", "VORBIS"]
SUBTYPES += ["ALAC_16", "ALAC_24"]


def signal(channels: int) -> np.ndarray:
    """Float64 samples (samples, channels): a different tone in each channel, and no symmetry."""
    times = np.arange(SAMPLES) / RATE
    tones = [0.3 * np.sin(2 * np.pi * 440 * (side + 1) * times) + 0.1 * times for side in range(channels)]
    return np.stack(tones, axis=1)


def write_everything(folder: Path) -> list[dict[str, object]]:
    songs = []
    for container, ending in CONTAINERS.items():
        for subtype in SUBTYPES:
            orders = [order for order in ("BIG", "LITTLE") if soundfile.check_format(container, subtype, order)]
            # the service refuses a little-endian AU
            for order in [order for order in orders if (container, order) != ("AU", "LITTLE")] or ["FILE"]:
                for channels in (1, 2):
                    if soundfile.check_format(container, subtype, order):
                        name = f"{container}-{subtype}-{order}-{channels}.{ending}".lower()
                        soundfile.write(folder / name, signal(channels), RATE, subtype, order, container)
                        songs.append(song(name, lossy=subtype == "VORBIS"))
    soundfile.write(folder / "layer3.mp3", signal(2), RATE, "MPEG_LAYER_III", format="MP3")
    songs.append(song("layer3.mp3", lossy=True))
    for name in [str(written["name"]) for written in songs]:
        samples, _ = soundfile.read(folder / name, dtype="float32", always_2d=True)
        expect(folder, name, samples)
    return songs + write_wide_words(folder)


def song(name: str, lossy: bool = False) -> dict[str, object]:
    """ffmpeg loses the last short block of some Vorbis songs: 128 samples."""
    return {"name": name, "tolerance": LOSSY if lossy else EXACT, "shortBy": 128 if name.endswith(".ogg") else 0}


def expect(folder: Path, name: str, samples: np.ndarray) -> None:
    stereo = np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples
    (folder / f"{name}.expected").write_bytes(stereo.astype("<f4").tobytes())


def write_wide_words(folder: Path) -> list[dict[str, object]]:
    """WAV files whose samples have fewer bits than their words, in both orders of bytes."""
    songs = []
    for bits, word in [(12, 16), (16, 24), (20, 24), (16, 32), (20, 32), (24, 32)]:
        for order in ("little", "big"):
            for kind in ("plain", "extensible"):
                name = f"{kind}-{bits}-in-{word}-{order}.wav"
                steps = np.round(signal(2) * 2.0 ** (bits - 1)).astype(np.int64)
                (folder / name).write_bytes(wide_wav(steps << (word - bits), bits, word, order, kind))
                # libsndfile takes the words of a plain header for narrow ones: the samples are those we wrote
                expect(folder, name, steps / 2.0 ** (bits - 1))
                songs.append(song(name))
                if kind == "extensible":
                    assert np.array_equal(soundfile.read(folder / name)[0], steps / 2.0 ** (bits - 1)), name
    return songs


def wide_wav(words: np.ndarray, bits: int, word: int, order: str, kind: str) -> bytes:
    mark = "<" if order == "little" else ">"
    width = word // 8
    data = b"".join(int(value).to_bytes(width, order, signed=True) for value in words.ravel())
    rates = (2, RATE, RATE * 2 * width, 2 * width)
    if kind == "plain":
        form = struct.pack(f"{mark}HHIIHH", 1, *rates, bits)
    else:
        form = struct.pack(f"{mark}HHIIHHHHI", 0xFFFE, *rates, word, 22, bits, 3)
        form += struct.pack(f"{mark}IHH", 1, 0, 0x10) + bytes.fromhex("800000aa00389b71")
    chunks = b"fmt " + struct.pack(f"{mark}I", len(form)) + form + b"data" + struct.pack(f"{mark}I", len(data)) + data
    return (b"RIFF" if order == "little" else b"RIFX") + struct.pack(f"{mark}I", 4 + len(chunks)) + b"WAVE" + chunks


if __name__ == "__main__":
    print(json.dumps(write_everything(Path(sys.argv[1]))))
