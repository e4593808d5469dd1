"""The command `separate`: one song file into a folder of stems."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from separation_engine.commands.decode import decode_song
from separation_engine.common.settings import Settings
from separation_engine.common.wav import WavReader, WavWriter
from separation_engine.separating.gain import amplitude
from separation_engine.separating.request import Progress, SeparationRequest, SeparationResult, StemFile
from separation_engine.serving.job import Job
from separation_engine.serving.model_cache import ModelCache
from separation_engine.serving.protocol import check_command, make_request
from separation_engine.serving.scheduler import Scheduler

_BLOCK_SAMPLES = 1 << 18


def separate_file(
    song: Path, folder: Path, settings: Settings, stems: Sequence[str], overlap: float | None, shifts: int
) -> list[Path]:
    """Separate a song into float32 WAV files with the common gain applied.

    overlap: None for the one that suits the model. Raises EngineError.
    """
    models = ModelCache(settings)
    offer = models.library.offer(settings.model)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as scratch:
        fields = {
            "type": "separate",
            "id": "song",
            "requestId": "-",
            "input": str(decode_song(song, Path(scratch) / "mix.wav", offer.sample_rate)),
            "outputDir": str(Path(scratch) / "stems"),
            "model": settings.model,
            "stems": list(stems or offer.stems),
            "overlap": offer.overlap if overlap is None else overlap,
            "shifts": shifts,
        }
        check_command(fields)
        progress_line = _ProgressLine()
        scheduler = Scheduler(models, progress_line)
        scheduler.submit(make_request(fields))
        while not scheduler.idle:
            scheduler.step()
        result = progress_line.result()
        return [_apply_gain(stem, amplitude(result.gain_db), folder) for stem in result.stems]


def _apply_gain(stem: StemFile, gain: float, folder: Path) -> Path:
    target = folder / f"{stem.name}.wav"
    partial = stem.path.with_suffix(".gain")
    with closing(WavReader(stem.path)) as reader:
        writer = WavWriter(partial, reader.samples, reader.sample_rate)
        for start in range(0, reader.samples, _BLOCK_SAMPLES):
            writer.write(reader.read(start, min(_BLOCK_SAMPLES, reader.samples - start)) * gain)
        writer.finish()
    return partial.replace(target)


class _ProgressLine:
    """Shows the job's progress on stderr and keeps its outcome."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._result: SeparationResult | None = None
        self._error: Exception | None = None

    def progressed(self, request: SeparationRequest, progress: Progress) -> None:
        share = progress.done_samples / progress.total_samples
        left = (time.monotonic() - self._started) * (1 - share) / share
        end = "\n" if share == 1 else ""
        sys.stderr.write(f"\r{request.model}: {share:4.0%}, {left:.0f} s left  {end}")
        sys.stderr.flush()

    def finished(self, job: Job, result: SeparationResult) -> None:
        backend = job.separation.models[0].backend
        sys.stderr.write(f"separated on {backend.device_name} with {backend.name}\n")
        self._result = result

    def failed(self, request: SeparationRequest, error: Exception) -> None:
        sys.stderr.write(f"\n{request.model} failed\n")
        self._error = error

    def result(self) -> SeparationResult:
        if self._error:
            raise self._error
        if not self._result:
            raise AssertionError("the separation is not finished")
        return self._result
