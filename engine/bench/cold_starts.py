"""Starts fresh engine processes that separate the same song, and requires bit-identical stems.

Each start is like the worker's: `serve`, a compiled model from disk, the self-check, then one job.

    MODELS_DIR=… python -m bench.cold_starts --model htdemucs --starts 20
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.report import spread, write_line
from tests.engine_process import EngineProcess, separate_message
from tests.sounds import RATE, song, write_wav


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--starts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=9.0, help="length of the song")
    parser.add_argument("--stems", nargs="+", default=["drums", "bass", "other", "vocals"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write_wav(Path(folder) / "song.wav", song(round(options.seconds * RATE)))
        cache = os.environ.get("ENGINE_CACHE_DIR", str(Path(folder) / "cache"))
        # the first start fills the cache
        start(options.model, options.stems, path, cache)
        runs = [start(options.model, options.stems, path, cache) for _ in range(options.starts)]
    digests = Counter(digest for digest, _ in runs)
    seconds = [ready for _, ready in runs]
    write_line(f"{options.model}: {options.starts} starts gave {len(digests)} different result(s)")
    write_line(f"ready after {spread(seconds)} s of wall time, including the self-check")
    if len(digests) > 1:
        sys.exit(f"the results differ: {dict(digests)}")


def start(model: str, stems: list[str], path: Path, cache: str) -> tuple[str, float]:
    """Digest of the stems, and seconds until the engine was ready."""
    began = time.monotonic()
    engine = EngineProcess({"MODEL": model, "ENGINE_CACHE_DIR": cache, "DEVICE": "cpu"})
    try:
        engine.wait_for_type("ready")
        ready = time.monotonic() - began
        folder = path.parent / "stems"
        engine.send(separate_message(path, folder, "job", model=model, stems=stems))
        engine.wait_for_type("result", "job")
    finally:
        engine.close()
    files = (folder / f"{stem}.wav" for stem in stems)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest(), ready


if __name__ == "__main__":
    main()
