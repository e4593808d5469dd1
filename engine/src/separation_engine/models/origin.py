"""`model.json` in a model's folder: where the model is from, its license, and who accepted it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separation_engine.common.errors import WeightsMismatchError
from separation_engine.models.acceptance import Acceptance
from separation_engine.models.catalogue import Licence

ORIGIN_NAME = "model.json"


@dataclass(frozen=True)
class Origin:
    """kind: hub, import or by-hand. details: such as the repositories and their revisions."""

    kind: str
    licence: Licence
    acceptance: Acceptance | None = None
    details: Mapping[str, object] | None = None


def write_origin(folder: Path, name: str, origin: Origin, hashes: Mapping[str, str]) -> None:
    """hashes: file name -> sha256."""
    licence, acceptance = origin.licence, origin.acceptance
    document = {
        "name": name,
        "origin": {"kind": origin.kind, **(origin.details or {})},
        "licence": {
            "class": licence.klass,
            "text": licence.text,
            "source": licence.source,
            "readOn": licence.read_on,
        },
        "accepted": acceptance
        and {
            "class": acceptance.klass,
            "by": acceptance.by,
            "at": acceptance.at,
            "means": acceptance.means,
        },
        "files": dict(sorted(hashes.items())),
    }
    temporary = folder / f"{ORIGIN_NAME}.partial"
    temporary.write_text(f"{json.dumps(document, indent=2)}\n", "utf-8")
    temporary.replace(folder / ORIGIN_NAME)


def read_origin_hashes(folder: Path) -> dict[str, str] | None:
    """File name -> sha256 as `model.json` has it; None for folders of earlier versions, which have none.

    Raises WeightsMismatchError if it is damaged.
    """
    try:
        document: Any = json.loads((folder / ORIGIN_NAME).read_text("utf-8"))
        hashes = document["files"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsMismatchError(f"{folder.name}/{ORIGIN_NAME} cannot be read") from error
    if not isinstance(hashes, dict):
        raise WeightsMismatchError(f"{folder.name}/{ORIGIN_NAME} lists no files")
    return hashes
