"""The small RoFormer and the small SCNet separate a song that they were not trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from separation_engine.commands.separate import separate_file
from separation_engine.common.settings import Settings
from separation_engine.models.library import ModelLibrary
from tests.sounds import read_wav, write_wav
from training.evaluate import HELD_OUT_SEEDS, sdr
from training.synthesis import STEMS, compose, mix_of, render_stems

# over the mix as the estimate, in dB
MIN_IMPROVEMENT_DB = {"demo_roformer": 6.0, "demo_scnet": 3.0}
MAX_BYTES = 1_500_000


@pytest.mark.parametrize(("model", "least"), MIN_IMPROVEMENT_DB.items())
def test_every_stem_is_better_than_the_mix(tmp_path: Path, model: str, least: float) -> None:
    stems = render_stems(compose(HELD_OUT_SEEDS[0], 5.0))
    mix = mix_of(stems)
    settings = Settings(None, tmp_path / "cache", model, "cpu", "auto", "fp32", "info")
    song = write_wav(tmp_path / "song.wav", mix)
    made = separate_file(song, tmp_path / "out", settings, [], None, 0)
    found = {path.stem: read_wav(path) for path in made}
    assert set(found) <= set(STEMS)
    for name, stem in found.items():
        true = stems[STEMS.index(name)]
        assert sdr(true, stem) - sdr(true, mix) >= least, name


def test_the_weights_of_both_together_are_small() -> None:
    folders = map(ModelLibrary(None).find, MIN_IMPROVEMENT_DB)
    weights = [folder.path / f"{name}.safetensors" for folder in folders for name in folder.signatures]
    assert len(weights) == 2
    assert sum(file.stat().st_size for file in weights) < MAX_BYTES
