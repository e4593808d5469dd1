"""The demo model separates songs it was not trained on. Fixed seeds make these songs."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from separation_engine.models.folder import read_record
from training.evaluate import HELD_OUT_SEEDS, MODEL_FOLDER, SONG_SECONDS, Score, measure
from training.export import load_bag
from training.synthesis import SAMPLE_RATE, STEMS, Audio, compose, mix_of, render_stems

MIN_MEAN_SDR_DB = 8.0
MIN_IMPROVEMENT_DB = 4.0
MAX_BYTES = 1_000_000


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return measure(load_bag(MODEL_FOLDER), HELD_OUT_SEEDS, SONG_SECONDS)


@pytest.fixture(scope="module")
def stems() -> Audio:
    return render_stems(compose(HELD_OUT_SEEDS[0], 5.0))


def test_separates_held_out_songs(scores: list[Score]) -> None:
    assert np.mean([score.sdr for score in scores]) >= MIN_MEAN_SDR_DB


@pytest.mark.parametrize("index", range(len(STEMS)), ids=STEMS)
def test_every_stem_is_better_than_the_mix(scores: list[Score], index: int) -> None:
    assert scores[index].improvement >= MIN_IMPROVEMENT_DB


def test_ships_in_less_than_a_megabyte() -> None:
    assert sum(file.stat().st_size for file in MODEL_FOLDER.iterdir()) < MAX_BYTES


def test_files_match_their_names_and_record() -> None:
    recorded = read_record(MODEL_FOLDER)
    actual = {name: _sha256(MODEL_FOLDER / name) for name in recorded}
    weights = [name for name in recorded if name.endswith(".safetensors")]
    assert recorded == actual
    assert weights == [f"{actual[weights[0]][:8]}.safetensors"]


def test_a_seed_gives_the_same_samples_again(stems: Audio) -> None:
    again = render_stems(compose(HELD_OUT_SEEDS[0], 5.0))
    assert stems.tobytes() == again.tobytes()


def test_another_seed_gives_another_song(stems: Audio) -> None:
    other = render_stems(compose(HELD_OUT_SEEDS[1], 5.0))
    assert stems.tobytes() != other.tobytes()


def test_a_song_is_four_sounding_stems_that_do_not_clip(stems: Audio) -> None:
    assert stems.shape[:2] == (4, 2)
    assert stems.shape[2] >= 5 * SAMPLE_RATE
    assert np.all(np.sqrt(np.mean(stems**2, axis=(1, 2))) > 1e-3)
    assert 0.29 < np.abs(mix_of(stems)).max() < 0.96


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
