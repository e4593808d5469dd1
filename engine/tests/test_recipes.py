from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from separation_engine.common.errors import (
    CancelledError,
    InvalidRecipeError,
    ModelNotInstalledError,
    UnknownStemError,
)
from separation_engine.common.wav import Samples
from separation_engine.models.library import ModelLibrary
from separation_engine.recipes.recipe import parse_recipe
from separation_engine.recipes.signals import parse_signal
from tests.known_recipes import (
    BEST,
    FT3,
    STEMS_OF,
    Models,
    Run,
    best_by_hand,
    ft3_by_hand,
    write_models,
)
from tests.model_files import SHORT
from tests.models import short, write_model
from tests.runs import make_request
from tests.sounds import RATE, song

SONG = song(3 * RATE)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(write_models(tmp_path_factory.mktemp("models")))


def changed(**fields: object) -> dict[str, Any]:
    return {**copy.deepcopy(BEST), **fields}


def node(name: str, source: str, *stems: str, model: str = "ft") -> dict[str, Any]:
    return {"id": name, "model": model, "input": source, "stems": [*stems]}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (changed(nodes=[]), "recipe best: it has 0 nodes; 1 to 16 are allowed"),
        (changed(nodes=[node(f"n{index}", "song", "drums") for index in range(17)]), "it has 17 nodes"),
        (
            changed(
                nodes=[node("a", "song - b.bass", "drums"), node("b", "a.drums", "bass")],
                outputs={"drums": "a.drums"},
            ),
            r"the nodes (a -> b -> a|b -> a -> b) need each other",
        ),
        (changed(nodes=[node("a", "song", "piano")], outputs={"x": "a.piano"}), "but the node a wants piano"),
        (
            changed(nodes=[node("a", "song", "drums")], outputs={"x": "b.drums"}),
            "uses b.drums, which no",
        ),
        (
            changed(nodes=[node("a", "song", "drums"), node("a", "song", "bass")]),
            "two nodes have the",
        ),
        (changed(nodes=[node("a", "noise", "drums")], outputs={"x": "a.drums"}), "'noise' is not a sound"),
        (changed(nodes=[node("../a", "song", "drums")]), "'../a' is not a name of a node"),
        (
            changed(nodes=[node("a", "song", "drums", "bass")], outputs={"x": "a.bass"}),
            "nothing uses a.drums",
        ),
        (changed(outputs={}), "nothing uses band.bass"),
        (changed(name="ft"), "a model has the same name"),
    ],
)
def test_refuses_a_recipe_that_makes_no_sense(row: Mapping[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRecipeError, match=sentence):
        parse_recipe(row, STEMS_OF)


@pytest.mark.parametrize("text", ["", "song -", "song - sum()", "mean()", "sum(a.b)", "a", "a.b.c", "-a.b"])
def test_refuses_what_is_not_a_sound(text: str) -> None:
    with pytest.raises(InvalidRecipeError, match="is not a sound"):
        parse_signal(text)


def test_runs_only_what_the_wanted_stems_need() -> None:
    sut = parse_recipe(BEST, STEMS_OF)
    assert [(one.id, one.stems) for one in sut.only(["vocals"]).nodes] == [("voice", ("vocals",))]
    assert [(one.id, one.stems) for one in sut.only(["drums"]).nodes] == [
        ("voice", ("vocals",)),
        ("band", ("drums",)),
    ]


ByHand = Callable[[Models, Path, Samples], dict[str, Samples]]


@pytest.mark.parametrize(("row", "by_hand"), [(FT3, ft3_by_hand), (BEST, best_by_hand)], ids=["ft3", "best"])
def test_equals_the_separations_by_hand(
    models: Models, tmp_path: Path, row: dict[str, Any], by_hand: ByHand
) -> None:
    request = make_request(tmp_path, SONG, model=row["name"], stems=[*row["outputs"]])
    sut = models.run(row, request)
    expected = by_hand(models, tmp_path / "hand", SONG)
    assert {name: stem.tobytes() for name, stem in sut.stems.items()} == {
        name: stem.tobytes() for name, stem in expected.items()
    }
    assert sut.result.residual_db is not None
    assert sut.result.residual_db < -120, "the stems add up to the song"
    assert sorted(path.name for path in request.output_dir.iterdir()) == sorted(
        f"{name}.wav" for name in row["outputs"]
    )


def test_ft3_is_half_the_work_of_its_model(models: Models, tmp_path: Path) -> None:
    runs = [
        models.run(FT3, make_request(tmp_path, SONG, name, model=name, stems=stems))
        for name, stems in (("ft3", [*FT3["outputs"]]), ("ft", STEMS_OF["ft"]))
    ]
    ours, theirs = (len(run.progress) for run in runs)
    assert 2 * ours == theirs
    assert [use.signature for use in runs[0].result.networks] == ["00000000", "00000003"]


def test_lists_every_network_that_ran(models: Models, tmp_path: Path) -> None:
    run = models.run(BEST, make_request(tmp_path, SONG, model="best"))
    networks = run.result.networks
    folders = {name: models.cache().library.find(name) for name in STEMS_OF}
    assert [(use.model, use.sha256) for use in networks] == [
        ("voice", folders["voice"].weights.hashes[0]),
        ("ft", folders["ft"].weights.hashes[0]),
        ("ft", folders["ft"].weights.hashes[1]),
    ]
    assert all(use.seconds > 0 for use in networks)


def test_progress_is_the_work_of_all_nodes(models: Models, tmp_path: Path) -> None:
    progress = models.run(BEST, make_request(tmp_path, SONG, model="best")).progress
    done = [one.done_samples for one in progress]
    assert done == sorted(set(done))
    assert done[-1] == progress[-1].total_samples
    # the stem files grow with the last node
    written = [one.written_samples for one in progress]
    assert written[0] == 0
    assert 0 < written[-3] < written[-1] == SONG.shape[1]


def test_instrumental_is_the_song_without_the_vocals_of_the_recipe(models: Models, tmp_path: Path) -> None:
    run = models.run(BEST, make_request(tmp_path, SONG, model="best", stems=["instrumental"]))
    vocals = models.separate(tmp_path / "hand", "voice", SONG, ["vocals"])["vocals"]
    assert {use.model for use in run.result.networks} == {"voice"}
    assert run.stems["instrumental"].tobytes() == (SONG - vocals).tobytes()


def test_a_cancel_between_nodes_leaves_nothing_in_scratch(models: Models, tmp_path: Path) -> None:
    request = make_request(tmp_path, SONG, model="best")
    run = Run(models.cache(BEST), request)
    steps = run.steps()
    while not (request.output_dir / ".nodes" / "band.wav").exists():
        next(steps)
    run.scheduler.cancel("job")
    with pytest.raises(CancelledError):
        list(steps)
    assert not (request.output_dir / ".nodes").exists()


def test_the_same_bits_after_a_start_between_nodes(models: Models, tmp_path: Path) -> None:
    request = make_request(tmp_path, SONG, model="best")
    for _ in Run(models.cache(BEST), request).steps():
        if (request.output_dir / ".nodes" / "band.wav").exists():
            # as if the engine was killed: nothing is closed, and its files stay
            break
    again = models.run(BEST, request)
    expected = best_by_hand(models, tmp_path / "hand", SONG)
    assert {name: stem.tobytes() for name, stem in again.stems.items()} == {
        name: stem.tobytes() for name, stem in expected.items()
    }


def test_refuses_a_stem_that_the_recipe_does_not_make(models: Models, tmp_path: Path) -> None:
    with pytest.raises(UnknownStemError, match="makes drums, other, vocals, not bass"):
        models.run(FT3, make_request(tmp_path, SONG, model="ft3", stems=["bass"]))


def test_a_recipe_is_offered_once_its_models_are_installed(models: Models, tmp_path: Path) -> None:
    missing = changed(
        name="missing",
        nodes=[node("a", "song", "drums", model="nobodys")],
        outputs={"drums": "a.drums"},
    )
    sut = models.cache(FT3, BEST, missing)
    offers = {offer.name: offer.stems for offer in sut.runnable()}
    assert offers["ft3"] == ("drums", "other", "vocals")
    assert "best" in offers
    assert "missing" not in offers
    with pytest.raises(
        ModelNotInstalledError, match="the recipe missing needs a model: there is no model nobodys"
    ):
        models.run(missing, make_request(tmp_path, SONG, model="missing", stems=["drums"]))


@pytest.mark.parametrize(
    ("recipe", "missing"),
    [
        ("best", "the model melband_roformer_kim is not installed: run `models get melband_roformer_kim`"),
        ("karaoke", "there is no model lead_vocals: installed are "),
    ],
)
def test_a_shipped_recipe_names_the_model_that_is_missing(tmp_path: Path, recipe: str, missing: str) -> None:
    write_model(tmp_path, "htdemucs_ft", [short()], settings=SHORT, checked=False)
    sut = ModelLibrary(tmp_path)
    assert sut.find_recipe("ft3") is not None
    with pytest.raises(ModelNotInstalledError, match=f"the recipe {recipe} needs a model: {missing}"):
        sut.find_recipe(recipe)
