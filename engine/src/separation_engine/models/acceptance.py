"""Decides whether a model may be fetched, by its license."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timezone

from separation_engine.common.errors import ModelNotInstalledError
from separation_engine.common.settings import LicenceClass, Settings
from separation_engine.models.catalogue import Licence

_NEED_NO_ANSWER = ("permissive", "own")


@dataclass(frozen=True)
class Acceptance:
    """Who accepted a class of licenses, when (ISO 8601, UTC), and by which means."""

    klass: LicenceClass
    by: str
    at: str
    means: str


def require_allowed(name: str, licence: Licence, allowed: Collection[LicenceClass]) -> None:
    """Raises ModelNotInstalledError if the operator's policy leaves out the license's class."""
    if licence.klass not in allowed:
        raise ModelNotInstalledError(
            f"{name} is not fetched: its license is {licence.klass} ({licence.source}), and MODEL_LICENCES"
            f" allows only {', '.join(sorted(allowed))}"
        )


def accept(
    name: str,
    licence: Licence,
    on_command_line: Collection[str],
    answered: dict[Licence, Acceptance],
    settings: Settings,
    say: Callable[[str], None],
) -> Acceptance | None:
    """The acceptance of the license; None if it needs none. Asks on a terminal.

    on_command_line: classes that the command accepts. answered: what the user said yes to before; no license
    is asked for twice. Raises ModelNotInstalledError.
    """
    if licence.klass in _NEED_NO_ANSWER:
        return None
    if licence.klass in on_command_line:
        return _acceptance(licence, "--accept-licence")
    if licence.klass in settings.accepted_licences:
        return _acceptance(licence, "ACCEPT_LICENCES")
    if licence in answered:
        return answered[licence]
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise ModelNotInstalledError(
            f"{name} is not fetched: its license is {licence.klass} ({licence.source}); accept it with"
            f" --accept-licence {licence.klass}, or with ACCEPT_LICENCES={licence.klass}"
        )
    say(f"The license of {name} is {licence.klass}. {licence.text}.\nSource: {licence.source}")
    say("Fetch it? Type yes or no:")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise ModelNotInstalledError(f"{name} is not fetched: you did not accept its license")
    return answered.setdefault(licence, _acceptance(licence, "question"))


def _acceptance(licence: Licence, means: str) -> Acceptance:
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Acceptance(licence.klass, _user(), now, means)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container's user has no name
        return "unknown"
