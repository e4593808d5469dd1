"""The command `models`: get, list, import, verify, record."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import get_args

from separation_engine.backends.select import BackendSelector
from separation_engine.checks.precision_check import require_precision
from separation_engine.checks.references import find_reference
from separation_engine.common.errors import EngineError, ModelNotInstalledError, UnknownModelError
from separation_engine.common.settings import LicenceClass, Settings
from separation_engine.models.acceptance import Acceptance, accept, require_allowed
from separation_engine.models.catalogue import KNOWN_MODELS, Licence, licence_of
from separation_engine.models.folder import (
    RECORD_NAME,
    ModelFolder,
    check_name,
    hash_files,
    read_record,
    write_record,
)
from separation_engine.models.known_recipes import relative_cost
from separation_engine.models.library import ModelLibrary
from separation_engine.models.lock import model_lock
from separation_engine.models.origin import ORIGIN_NAME, Origin, read_origin_hashes, write_origin
from separation_engine.networks.architecture import NetworkSettings

_DEFAULT_TIMEOUT_SECONDS = 10.0


def add_models_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True)
    get = commands.add_parser("get", help="fetch models from the public hub")
    get.add_argument("names", nargs="+", metavar="MODEL")
    get.add_argument(
        "--timeout", type=float, default=_DEFAULT_TIMEOUT_SECONDS, help="seconds to wait for the hub's answer"
    )
    get.add_argument(
        "--accept-licence",
        action="append",
        default=[],
        choices=get_args(LicenceClass),
        help="accept licenses of this class without a question",
    )
    get.add_argument("--force", action="store_true", help="fetch installed models again")
    listing = commands.add_parser("list", help="show known and installed models")
    listing.add_argument("--json", action="store_true", help="one JSON line per model")
    verify = commands.add_parser("verify", help="check installed models against their recorded hashes")
    verify.add_argument("names", nargs="*", metavar="MODEL")
    importing = commands.add_parser("import", help="make a model of a checkpoint that somebody trained")
    importing.add_argument("checkpoint", type=Path, metavar="FILE", help=".ckpt, .pth or .safetensors")
    importing.add_argument("--config", type=Path, required=True, help="the YAML file of its training")
    importing.add_argument("--name", required=True, help="what to call the model")
    record = commands.add_parser("record", help="trust the files of a model that you installed by hand")
    record.add_argument("names", nargs="+", metavar="MODEL")


def run_models_command(arguments: argparse.Namespace, settings: Settings) -> int:
    """Returns the exit status. Raises EngineError."""
    library = ModelLibrary(settings.models_dir)
    if arguments.action == "get":
        answered: dict[Licence, Acceptance] = {}
        for name in arguments.names:
            for model in _models_of(name, library):
                _get(model, library, settings, arguments, answered)
    elif arguments.action == "list":
        _list(library, settings, as_json=arguments.json)
    elif arguments.action == "import":
        _import(arguments.checkpoint, arguments.config, arguments.name, library, settings)
    elif arguments.action == "verify":
        return _verify(arguments.names or library.installed_names(), library)
    else:
        for name in arguments.names:
            _record(name, library, settings)
    return 0


def _models_of(name: str, library: ModelLibrary) -> tuple[str, ...]:
    """Those of a recipe; else the name itself. Raises UnknownModelError."""
    if (recipe := library.recipes.get(name)) is None:
        return (name,)
    others = [model for model in recipe.models if model not in {*KNOWN_MODELS, *library.installed_names()}]
    if others:
        raise UnknownModelError(
            f"the recipe {name} needs {others[0]}, which no hub has under this name: "
            f"import it with `models import --name {others[0]}`"
        )
    return recipe.models


def _get(
    name: str,
    library: ModelLibrary,
    settings: Settings,
    options: argparse.Namespace,
    answered: dict[Licence, Acceptance],
) -> None:
    if library.folder is None:
        raise ModelNotInstalledError("set MODELS_DIR to the folder for models")
    with model_lock(library.folder, check_name(name), _say) as waited:
        # another process may have fetched it meanwhile
        if (waited or not options.force) and name in library.installed_names():
            _say(f"{name} is already installed")
        else:
            _fetch(name, library.folder, settings, options, answered)
        _make_references(name, library, settings)
    _say(f"{name} is ready in {library.path_of(name)}")


def _fetch(
    name: str,
    models_dir: Path,
    settings: Settings,
    options: argparse.Namespace,
    answered: dict[Licence, Acceptance],
) -> None:
    from separation_engine.models.hub import fetch_model

    acceptance = None
    if known := KNOWN_MODELS.get(name):
        require_allowed(name, known.licence, settings.model_licences)
        if reason := _refusal(known.network, settings):
            raise ModelNotInstalledError(f"{name} cannot run here, so it is not fetched: {reason}")
        acceptance = accept(name, known.licence, options.accept_licence, answered, settings, _say)
    fetch_model(name, models_dir, options.timeout, _say, acceptance)
    if known:
        _say(f"license of {name}: {known.licence.klass}. {known.licence.text}: {known.licence.source}")


def _import(checkpoint: Path, config: Path, name: str, library: ModelLibrary, settings: Settings) -> None:
    from separation_engine.models.importing import import_model

    if library.folder is None:
        raise ModelNotInstalledError("set MODELS_DIR to the folder for models")
    with model_lock(library.folder, check_name(name), _say):
        path = import_model(checkpoint, config, name, library.folder)
        try:
            _make_references(name, library, settings)
        except BaseException:
            # a model that does not start must not look installed
            shutil.rmtree(path, ignore_errors=True)
            raise
    _say(f"{name} is ready in {path}. You are responsible for its license.")


def _record(name: str, library: ModelLibrary, settings: Settings) -> None:
    path = library.path_of(name)
    hashes = hash_files(path, name)
    with model_lock(path.parent, name, _say):
        write_record(path, hashes)
        write_origin(path, name, Origin("by-hand", licence_of(name)), hashes)
        _make_references(name, library, settings)
    _say(f"recorded {name}")


def _refusal(network: NetworkSettings, settings: Settings) -> str | None:
    """Why no backend of this machine can run the network; None if one can."""
    try:
        BackendSelector(settings).name_for(network)
    except EngineError as error:
        return str(error)
    return None


def _make_references(name: str, library: ModelLibrary, settings: Settings) -> None:
    """Make the fingerprints that every later start is checked against."""
    folder = library.find(name)
    BackendSelector(settings).name_for(folder.settings[0])
    for index in range(len(folder.signatures)):
        find_reference(folder, index, settings)
    if settings.precision != "fp32":
        _measure_precision(folder, settings)


def _measure_precision(folder: ModelFolder, settings: Settings) -> None:
    """Warn if the model does not suit the precision. It stays installed, but the engine will refuse it."""
    try:
        backend = BackendSelector(settings).open(folder.settings[0])
        for index in range(len(folder.signatures)):
            require_precision(folder, index, backend, settings)
    except EngineError as error:
        _say(f"{folder.name} cannot run in {settings.precision}: {error}")


def _verify(names: list[str], library: ModelLibrary) -> int:
    problems = {name: _find_problem(name, library) for name in names}
    for name, problem in problems.items():
        _say(f"{name}: {problem or 'ok'}")
    return int(any(problems.values()))


def _find_problem(name: str, library: ModelLibrary) -> str | None:
    try:
        folder = library.find(name)
        found, recorded = hash_files(folder.path, name), read_record(folder.path)
        listed = read_origin_hashes(folder.path)
    except EngineError as error:
        return str(error)
    changed = [file for file, sha256 in found.items() if recorded.get(file) != sha256]
    if changed:
        return f"{', '.join(changed)} changed since the model was recorded"
    return None if listed in (None, recorded) else f"{ORIGIN_NAME} and {RECORD_NAME} list other files"


def _list(library: ModelLibrary, settings: Settings, *, as_json: bool) -> None:
    installed = {folder.name: folder for folder in library.installed()}
    for name in [*KNOWN_MODELS, *sorted(installed.keys() - KNOWN_MODELS.keys())]:
        known, folder, licence = KNOWN_MODELS.get(name), installed.get(name), licence_of(name)
        stems = folder.sources if folder else known.stems if known else ()
        network = folder.settings[0] if folder else known.network if known else None
        refusal = _refusal(network, settings) if network else None
        if as_json:
            row = {
                "name": name,
                "stems": list(stems),
                "licenceClass": licence.klass,
                "licence": licence.text,
                "licenceSource": licence.source,
                "relativeCost": known.relative_cost if known else None,
                "installed": folder is not None,
                "refusal": refusal,
                "weightsSha256": folder.weights_sha256 if folder else None,
            }
            sys.stdout.write(json.dumps(row) + "\n")
        else:
            state = "cannot run here" if refusal else "installed" if folder else "not installed"
            sys.stdout.write(f"{name:<22}{state:<17}{licence.klass:<16}{', '.join(stems)}\n")

    _list_recipes(library, as_json=as_json)


def _list_recipes(library: ModelLibrary, *, as_json: bool) -> None:
    installed = {found.recipe.name: found for found in library.installed_recipes()}
    for name, recipe in library.recipes.items():
        found = installed.get(name)
        if as_json:
            row = {
                "name": name,
                "stems": [*recipe.stems],
                "models": [*recipe.models],
                "relativeCost": relative_cost(recipe),
                "installed": found is not None,
                "weightsSha256": found.weights.sha256 if found else None,
            }
            sys.stdout.write(json.dumps(row) + "\n")
        else:
            state = "installed" if found else "not installed"
            sys.stdout.write(f"{name:<22}{state:<17}{'recipe':<16}{', '.join(recipe.stems)}\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
