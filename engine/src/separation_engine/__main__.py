"""`python -m separation_engine serve | separate | analyze | models`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from separation_engine import __version__
from separation_engine.commands.malloc_tuning import restart_with_tuned_malloc
from separation_engine.commands.models import add_models_commands, run_models_command
from separation_engine.common.errors import EngineError
from separation_engine.common.settings import DEFAULT_MODEL, Settings, SettingsError, read_settings
from separation_engine.serving.logs import set_up_logs

_LOG = logging.getLogger(__name__)
# the engine runs these itself, in child processes
_CHILD_COMMANDS = ("fingerprint", "measure-precision")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 for success, 1 for failure, 2 for invalid usage.

    arguments: if called from Python. Without them the process may restart itself.
    """
    options = _make_parser().parse_args(arguments)
    try:
        settings = read_settings()
        set_up_logs(settings.log_level, plain=options.command != "serve")
        if arguments is None and options.command not in {"models", "analyze"}:
            _tune_malloc(settings, options)
        return _run(options, settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace, settings: Settings) -> int:
    if options.command == "models":
        return run_models_command(options, settings)
    if options.command == "analyze":
        from separation_engine.commands.analyze import analyze_folder

        sys.stdout.write(f"{analyze_folder(options.folder, options.mix, options.mix_gain_db)}\n")
        return 0
    if options.command == "serve":
        from separation_engine.serving.server import serve

        serve(settings)
    if options.command == "fingerprint":
        from separation_engine.checks.references import store_fingerprint as run_child
    elif options.command == "measure-precision":
        from separation_engine.checks.precision_check import store_measure as run_child
    else:
        return _separate(options, settings)
    run_child(options.model, options.index, options.output, settings)
    return 0


def _separate(options: argparse.Namespace, settings: Settings) -> int:
    from separation_engine.commands.separate import separate_file

    changed = _with_options(settings, options)
    stems = [name for name in (options.stems or "").split(",") if name]
    for path in separate_file(options.song, options.folder, changed, stems, options.overlap, options.shifts):
        sys.stdout.write(f"{path}\n")
    return 0


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    """The settings, overridden by this command's options if it has them."""
    chosen = vars(options)
    return settings.changed(
        model=chosen.get("model"), device=chosen.get("device"), backend=chosen.get("backend")
    )


def _tune_malloc(settings: Settings, options: argparse.Namespace) -> None:
    """Only torch on a CPU benefits. A missing model or device is reported later."""
    from separation_engine.backends.select import BackendSelector
    from separation_engine.models.library import ModelLibrary

    settings = _with_options(settings, options)
    try:
        selector = BackendSelector(settings)
        network = ModelLibrary(settings.models_dir).offer(settings.model).folders[0].settings[0]
        if selector.device == "cpu" and selector.name_for(network) == "torch":
            restart_with_tuned_malloc()
    except EngineError as error:
        _LOG.debug("malloc is not tuned: %s", error)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="separation_engine", description="Separates songs into stems.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run for the worker: commands on stdin, messages on file descriptor 3")
    separate = commands.add_parser("separate", help="separate one song")
    separate.add_argument("song", type=Path)
    separate.add_argument("folder", type=Path, help="output folder for the stems")
    separate.add_argument("--model", help=f"default: MODEL, or {DEFAULT_MODEL}; `demo` is always installed")
    separate.add_argument("--stems", help="comma-separated; default: all stems of the model")
    separate.add_argument("--overlap", type=float, help="default: the one that suits the model")
    separate.add_argument("--shifts", type=int, default=0)
    separate.add_argument("--backend", choices=("auto", "torch", "openvino"))
    separate.add_argument("--device", choices=("auto", "cpu", "cuda"))
    analyze = commands.add_parser("analyze", help="print tempo, beats, key and loudness as JSON")
    analyze.add_argument("folder", type=Path, help="folder with the stems as WAV files")
    analyze.add_argument("--mix", type=Path, help="the song as a WAV file; default: the sum of the stems")
    analyze.add_argument(
        "--mix-gain-db", type=float, default=0.0, help="gain of the song before it is measured"
    )
    add_models_commands(commands.add_parser("models", help="fetch, list and verify models"))
    for name in _CHILD_COMMANDS:
        child = commands.add_parser(name)
        child.add_argument("model")
        child.add_argument("index", type=int)
        child.add_argument("output", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
