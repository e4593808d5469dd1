"""The structure of the package: layers, no import circles, lazy heavy libraries."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "separation_engine"
# from bottom to top: a module imports from its own layer and from those below it
LAYERS = (
    ("common",),
    ("analysis",),
    ("networks",),
    ("backends.openvino", "backends.torch"),
    ("backends.select",),
    ("architectures.demucs",),
    ("architectures.htdemucs",),
    ("architectures.roformer",),
    ("architectures.scnet",),
    ("architectures.table",),
    ("recipes",),
    ("models",),
    ("separating",),
    ("checks",),
    ("serving",),
    ("commands",),
    ("__main__",),
)
# packages that only their own table or interface may import
INTERNALS = {
    "backends.openvino": ("backends.select", "architectures"),
    "backends.torch": ("backends.select", "architectures"),
    "architectures.demucs": ("architectures",),
    "architectures.htdemucs": ("architectures.table",),
    "architectures.roformer": ("architectures.table",),
    "architectures.scnet": ("architectures.table",),
}
# only these may import torch or openvino when they are loaded
HEAVY = (
    "architectures.demucs.no_host_sync",
    "architectures.demucs.torch_module",
    "architectures.htdemucs.openvino",
    "architectures.htdemucs.torch",
    "architectures.roformer.openvino",
    "architectures.roformer.torch",
    "architectures.scnet.openvino",
    "architectures.scnet.torch",
    "backends.openvino",
    "backends.torch",
)
MAX_FILES = 15


@cache
def trees() -> dict[str, ast.Module]:
    """Module name, without the package's own, to its syntax tree."""
    names = {
        path: ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")
    }
    return {
        name.removesuffix("__init__").rstrip("."): ast.parse(path.read_text("utf-8"))
        for path, name in names.items()
    }


def imported(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.module:
        yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def own_imports(name: str) -> set[str]:
    """Modules of the package that this one imports anywhere, also inside functions."""
    found = {
        target.removeprefix("separation_engine.")
        for node in ast.walk(trees()[name])
        if isinstance(node, ast.stmt)
        for target in imported(node)
        if target.startswith("separation_engine.")
    }
    return {module for target in found if (module := _module_of(target))}


def _module_of(target: str) -> str:
    """The longest prefix that is a module; empty for a name of the root package."""
    return target if target in trees() else target.rpartition(".")[0]


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def layer_of(module: str) -> int:
    (layer,) = (index for index, packages in enumerate(LAYERS) if is_in(module, packages))
    return layer


def find_circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def modules_with_code() -> list[str]:
    return sorted(name for name, tree in trees().items() if len(tree.body) > 1 and name)


def test_the_package_was_found() -> None:
    assert len(modules_with_code()) > 50
    assert "networks.interface" in own_imports("serving.model_cache")


@pytest.mark.parametrize("module", modules_with_code())
def test_imports_point_downwards(module: str) -> None:
    upwards = {target for target in own_imports(module) if layer_of(target) > layer_of(module)}
    assert upwards == set()


def test_modules_have_no_circles() -> None:
    assert find_circle({name: own_imports(name) for name in modules_with_code()}) == []


def test_folders_have_no_circles() -> None:
    folders: dict[str, set[str]] = {}
    for name in modules_with_code():
        folder = name.rpartition(".")[0]
        targets = {target.rpartition(".")[0] for target in own_imports(name)}
        folders.setdefault(folder, set()).update(targets - {folder})
    assert find_circle(folders) == []


@pytest.mark.parametrize(("package", "allowed"), INTERNALS.items())
def test_internals_are_reached_through_their_table(package: str, allowed: tuple[str, ...]) -> None:
    users = {
        name
        for name in modules_with_code()
        if not is_in(name, (package,)) and any(is_in(target, (package,)) for target in own_imports(name))
    }
    assert {name for name in users if not is_in(name, allowed)} == set()


def test_heavy_libraries_are_imported_on_demand() -> None:
    light = [name for name in modules_with_code() if not is_in(name, HEAVY)]
    script = "import sys\nsys.modules.update(dict.fromkeys(['torch', 'demucs', 'openvino']))\n"
    script += "".join(f"import separation_engine.{name}\n" for name in light)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_folders_stay_small() -> None:
    folders = [PACKAGE, *(path for path in PACKAGE.rglob("*") if path.is_dir())]
    crowded = {str(path): len(list(path.glob("*.py"))) for path in folders}
    assert {path: count for path, count in crowded.items() if count > MAX_FILES} == {}
