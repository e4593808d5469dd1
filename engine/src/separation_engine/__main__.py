"""`python -m separation_engine serve | separate | models`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from separation_engine import __version__
from separation_engine.commands.malloc_tuning import restart_with_tuned_allocator
from separation_engine.commands.models import add_models_commands, run_models_command
from separation_engine.errors import EngineError
from separation_engine.serving.logs import set_up_logs
from separation_engine.settings import Settings, SettingsError, read_settings

_LOG = logging.getLogger(__name__)
# what the engine calls in processes of their own
_CHILD_COMMANDS = {
    "fingerprint": "store what a network makes of the known segment",
    "measure-precision": "store what PRECISION changes in a network",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 done, 1 failed, 2 called wrongly.

    arguments: of a call from Python; without them this process is the command's own, and may start again.
    """
    options = _make_parser().parse_args(arguments)
    try:
        settings = read_settings()
        set_up_logs(settings.log_level, plain=options.command != "serve")
        if arguments is None and options.command != "models":
            _tune_allocator(settings, options)
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
    if options.command == "serve":
        from separation_engine.serving.server import serve

        serve(settings)
    if options.command == "fingerprint":
        from separation_engine.checks.references import store_fingerprint

        store_fingerprint(options.model, options.index, options.output, settings)
        return 0
    if options.command == "measure-precision":
        from separation_engine.checks.precision_check import store_measure

        store_measure(options.model, options.index, options.output, settings)
        return 0
    from separation_engine.commands.separate import separate_file

    changed = _with_options(settings, options)
    stems = [name for name in (options.stems or "").split(",") if name]
    for path in separate_file(options.song, options.folder, changed, stems, options.overlap, options.shifts):
        sys.stdout.write(f"{path}\n")
    return 0


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    """The settings of this call; a command that has no such option leaves them."""
    chosen = vars(options)
    return settings.changed(
        model=chosen.get("model"), device=chosen.get("device"), backend=chosen.get("backend")
    )


def _tune_allocator(settings: Settings, options: argparse.Namespace) -> None:
    """Only torch on a CPU gains from it; that a model or device is missing shows later."""
    from separation_engine.backends.select import BackendSelector
    from separation_engine.models.library import ModelLibrary

    settings = _with_options(settings, options)
    try:
        selector = BackendSelector.of(settings)
        network = ModelLibrary(settings.models_dir).find(settings.model).settings[0]
        if selector.device == "cpu" and selector.name_for(network) == "torch":
            restart_with_tuned_allocator()
    except EngineError as error:
        _LOG.debug("not started again: %s", error)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="separation_engine", description="Separates songs into stems.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "serve", help="work for the worker-server: messages on stdin, answers on descriptor 3"
    )
    separate = commands.add_parser("separate", help="separate one song")
    separate.add_argument("song", type=Path)
    separate.add_argument("folder", type=Path, help="where the stems go")
    separate.add_argument("--model", help="default: MODEL, or the demo model")
    separate.add_argument("--stems", help="comma-separated; default: all that the model makes")
    separate.add_argument("--overlap", type=_overlap, default=0.25)
    separate.add_argument("--shifts", type=int, choices=range(11), default=0)
    separate.add_argument("--backend", choices=("auto", "torch", "openvino"))
    separate.add_argument("--device", choices=("auto", "cpu", "cuda"))
    add_models_commands(commands.add_parser("models", help="fetch, list and verify models"))
    for name, purpose in _CHILD_COMMANDS.items():
        child = commands.add_parser(name, help=purpose)
        child.add_argument("model")
        child.add_argument("index", type=int)
        child.add_argument("output", type=Path)
    return parser


def _overlap(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 0.9:
        raise argparse.ArgumentTypeError("overlap is not within 0 and 0.9")
    return value


if __name__ == "__main__":
    sys.exit(main())
