"""Plays drums in three feels, with ghost notes, syncopation, fills, drops and loose timing."""

from __future__ import annotations

from tests.known_songs.song import KnownSong
from training.synthesis.drums import Piece, build_kit
from training.synthesis.signals import Audio, Random, place, samples_of
from training.synthesis.song import Bar

# sixteen steps per bar; a digit is the loudness of a stroke from 1 to 9
BACKBEAT = "....9.......9..."
GROOVES = {
    "straight": (
        ("9.......9.......", BACKBEAT),
        ("9.....7.9.......", BACKBEAT),
        ("9.......7.8.....", BACKBEAT),
        ("9...9...9...9...", BACKBEAT),
        ("9...9...9...9...", "................"),
        ("9..7..8...7.....", BACKBEAT),
        ("9.7....79..7....", "....9..3.2..9..3"),
        ("9..9..9...9.....", BACKBEAT),
        ("9.....7...9...7.", "....9.......9.3."),
        ("9......89.......", "....9..2.2..9..."),
    ),
    "swung": (
        ("9.......9.......", BACKBEAT),
        ("9.....7.9.......", BACKBEAT),
        ("9.....8...8.....", BACKBEAT),
        ("9...7...9...7...", BACKBEAT),
        ("6...6...6...6...", "....4.......4.3."),
        ("9.....7.9.....6.", "....9.2.....9.3."),
    ),
    "half-time": (
        ("9...............", "........9......."),
        ("9.....7.........", "........9......."),
        ("9.........7.....", "........9......."),
        ("9..7......7.....", "........9......."),
        ("9.....8.....7...", "........9.....3."),
        ("9...7.......7...", "..2.....9..2...."),
    ),
}
HATS = (
    "7.5.7.5.7.5.7.5.",
    "7.7.7.7.7.7.7.7.",
    "7353735373537353",
    "..8...8...8...8.",
    "7...7...7...7...",
    "7.35.37.7.35.373",
)
# a shuffle of eighths has no sixteenths between them
SWUNG_HATS = (
    "7.5.7.5.7.5.7.5.",
    "7...7.5.7...7.5.",
    "..8...8...8...8.",
    "7...7...7...7...",
)


def render_drummer(song: KnownSong, stage: Audio) -> None:
    """Add the drums of every bar to a stereo stage (2, samples)."""
    kit = build_kit(song.random("kit"))
    for bar in song.bars_with("drums"):
        player = song.random("groove", bar.section.label)
        grooves = GROOVES[song.feel]
        kick, snare = grooves[player.integers(len(grooves))]
        eighths = song.feel == "swung" and song.swung_step == 2
        hats = SWUNG_HATS if eighths else HATS
        hat = hats[player.integers(len(hats))]
        cymbal = str(player.choice(["hat", "hat", "ride"]))
        backbeat = str(player.choice(["snare", "snare", "clap"]))
        ghosts = float(player.choice([0.0, 0.0, 0.15]))
        human = song.random("strokes", str(bar.start_beat))
        fill = bar.is_last and human.random() < 0.6
        if fill:
            snare = snare[:12] + "...."
            _play_fill(song, stage, kit, bar, human)
        _play(song, stage, kit["kick"], kick, bar, human)
        _play(song, stage, kit[backbeat], snare, bar, human)
        _play(song, stage, kit[cymbal], hat, bar, human)
        if ghosts and not eighths:
            notes = "".join("2" if human.random() < ghosts else "." for _ in range(16))
            _play(song, stage, kit["snare"], notes, bar, human)
        if bar.index == 0 and human.random() < 0.5:
            _play(song, stage, kit["crash"], "9...............", bar, human)


def _play_fill(song: KnownSong, stage: Audio, kit: dict[str, Piece], bar: Bar, human: Random) -> None:
    spread = 2 if song.feel == "swung" else 1
    for step in range(int(human.choice([8, 12])), 16, spread):
        if human.random() < 0.8:
            name = str(human.choice(["snare", "tom high", "tom low"]))
            _play(song, stage, kit[name], "." * step + "8", bar, human)


def _play(song: KnownSong, stage: Audio, piece: Piece, steps: str, bar: Bar, human: Random) -> None:
    for step, loudness in enumerate(steps):
        # a drummer leaves out a stroke here and there
        if loudness == "." or human.random() < 0.03:
            continue
        start = song.sample_at(bar.start_beat + song.swung(step / 4))
        start += samples_of(human.uniform(0.0, 1.0) * song.looseness)
        gain = piece.gain * int(loudness) / 9 * human.uniform(0.7, 1.0)
        place(stage, start, piece.stroke, gain * (0.6 + 0.4 * bar.section.energy), piece.pan)
