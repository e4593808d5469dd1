"""Makes the demo song: `python -m training.make_demo_song`.

The arrangement is fixed here; notes and sounds follow from the seed. The same versions of numpy and ffmpeg on
the same kind of CPU give the same bytes.
"""

import argparse
import subprocess
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

from training.synthesis import SAMPLE_RATE, STEMS, Audio, Section, Song, mix_of, render_stems

DEMO_FILE = Path(__file__).parents[2] / "demo" / "demo-song.mp3"
SEED = 700_050
TAGS = {
    "title": "Small Hours of the Machine",
    "artist": "Music Separation Service",
    "album": "Demo",
    "genre": "Electronic",
    "copyright": "CC0 1.0",
}
FADE_SECONDS = 2.5
# per stem, in order: the drum kit of this seed is loud
BALANCE = np.array([0.4, 1.0, 1.0, 1.1], dtype=np.float32)[:, None, None]
ENCODE_TIMEOUT_SECONDS = 60

EVERYTHING = frozenset(STEMS)
VERSE = (5, 3, 0, 4)
CHORUS = (3, 4, 5, 0)


def demo_song() -> Song:
    """The arrangement: intro, verse, chorus, second verse, break, last chorus, ending."""
    return Song(
        seed=SEED,
        tempo=104.0,
        tonic=9,
        scale="major",
        swing=0.0,
        sections=(
            Section("intro", 2, VERSE[:2], frozenset({"other"}), 0.3),
            Section("intro", 2, VERSE[2:], frozenset({"other", "drums"}), 0.4),
            Section("verse", 8, VERSE, EVERYTHING, 0.5),
            Section("chorus", 8, CHORUS, EVERYTHING, 1.0),
            Section("verse", 4, VERSE, EVERYTHING, 0.55),
            Section("break", 2, (1, 4), frozenset({"other", "vocals"}), 0.2),
            Section("chorus", 4, CHORUS, EVERYTHING, 1.0),
            Section("ending", 2, (3, 0), frozenset({"other", "bass"}), 0.25),
        ),
        tail_seconds=1.0,
    )


def encode_mp3(mix: Audio, file: Path) -> None:
    """Write a mix (2, samples) as a tagged 128 kbit/s MP3.

    Raises subprocess.CalledProcessError if ffmpeg fails.
    """
    tags = [part for name, value in TAGS.items() for part in ("-metadata", f"{name}={value}")]
    source = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "2", "-i", "pipe:0"]
    quiet = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    # bitexact omits the ffmpeg version and the date
    target = ["-b:a", "128k", "-flags", "+bitexact", "-fflags", "+bitexact", "-id3v2_version", "3"]
    subprocess.run(
        [get_ffmpeg_exe(), *quiet, *source, *target, *tags, str(file)],
        input=np.ascontiguousarray(mix.T).tobytes(),
        check=True,
        timeout=ENCODE_TIMEOUT_SECONDS,
    )


def faded(mix: Audio) -> Audio:
    """The mix with a fade-out."""
    length = round(FADE_SECONDS * SAMPLE_RATE)
    result: Audio = mix.copy()
    result[:, -length:] *= np.linspace(1.0, 0.0, length, dtype=np.float32)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=DEMO_FILE)
    options = parser.parse_args()
    mix = faded(mix_of(render_stems(demo_song()) * BALANCE))
    mix *= np.float32(0.9 / np.abs(mix).max())
    options.output.parent.mkdir(parents=True, exist_ok=True)
    encode_mp3(mix, options.output)


if __name__ == "__main__":
    main()
