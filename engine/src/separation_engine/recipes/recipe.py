"""What a recipe is, and whether it makes sense."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from separation_engine.common.errors import InvalidRecipeError
from separation_engine.recipes.signals import NAME, NodeStem, Signal, parse_signal

_MAX_NODES = 16


@dataclass(frozen=True)
class Node:
    """One separation of a recipe. stems: those of the model that others use."""

    id: str
    model: str
    input: Signal
    stems: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """A model that is made of other models.

    nodes: each after the nodes that it needs. outputs: stem -> what it is.
    overlap: of segments in every node, if nobody asks for another.
    """

    name: str
    title: str
    nodes: tuple[Node, ...]
    outputs: Mapping[str, Signal]
    overlap: float

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(self.outputs)

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, each once."""
        return tuple(dict.fromkeys(node.model for node in self.nodes))

    def only(self, stems: Iterable[str]) -> Recipe:
        """The same with these outputs alone, and without nodes and stems that they do not need."""
        outputs = {name: signal for name, signal in self.outputs.items() if name in set(stems)}
        needed = {part for signal in outputs.values() for part in signal.parts}
        nodes: list[Node] = []
        for node in reversed(self.nodes):
            used = tuple(stem for stem in node.stems if NodeStem(node.id, stem) in needed)
            if used:
                nodes.append(Node(node.id, node.model, node.input, used))
                needed.update(node.input.parts)
        return Recipe(self.name, self.title, tuple(reversed(nodes)), outputs, self.overlap)


def parse_recipe(row: Mapping[str, Any], stems_of: Mapping[str, Sequence[str]]) -> Recipe:
    """A recipe of the catalogue.

    stems_of: the stems of models that are known; others are checked once they are installed.
    Raises InvalidRecipeError with a sentence.
    """
    name = _checked_name("a recipe", row["name"])
    try:
        nodes = [
            Node(
                _checked_name("a node", node["id"]),
                _checked_name("a model", node["model"]),
                parse_signal(node["input"]),
                tuple(node["stems"]),
            )
            for node in row["nodes"]
        ]
        outputs = {
            _checked_name("a stem", stem): parse_signal(signal) for stem, signal in row["outputs"].items()
        }
        ordered = _ordered(nodes)
        _check_uses(nodes, outputs)
        for node in nodes:
            check_stems(node, stems_of.get(node.model, node.stems))
    except InvalidRecipeError as error:
        raise InvalidRecipeError(f"recipe {name}: {error}") from error
    if name in stems_of:
        raise InvalidRecipeError(f"recipe {name}: a model has the same name")
    return Recipe(name, row["title"], ordered, outputs, row["overlap"])


def check_stems(node: Node, made: Sequence[str]) -> None:
    """made: the stems of the node's model. Raises InvalidRecipeError."""
    if unknown := sorted(set(node.stems) - set(made)):
        raise InvalidRecipeError(
            f"{node.model} makes {', '.join(made)}, but the node {node.id} wants {', '.join(unknown)}"
        )


def _checked_name(kind: str, name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise InvalidRecipeError(f"{name!r} is not a name of {kind}")
    return name


def _ordered(nodes: Sequence[Node]) -> tuple[Node, ...]:
    by_id = {node.id: node for node in nodes}
    if not 1 <= len(nodes) <= _MAX_NODES:
        raise InvalidRecipeError(f"it has {len(nodes)} nodes; 1 to {_MAX_NODES} are allowed")
    if len(by_id) < len(nodes):
        raise InvalidRecipeError("two nodes have the same id")
    graph: TopologicalSorter[str] = TopologicalSorter()
    for node in nodes:
        graph.add(node.id, *(part.node for part in node.input.parts if part.node in by_id))
    try:
        return tuple(by_id[name] for name in graph.static_order())
    except CycleError as error:
        raise InvalidRecipeError(f"the nodes {' -> '.join(error.args[1])} need each other") from error


def _check_uses(nodes: Sequence[Node], outputs: Mapping[str, Signal]) -> None:
    made = {NodeStem(node.id, stem) for node in nodes for stem in node.stems}
    signals = {f"the node {node.id}": node.input for node in nodes}
    signals.update({f"the stem {name}": signal for name, signal in outputs.items()})
    for user, signal in signals.items():
        if unknown := sorted(set(signal.parts) - made):
            raise InvalidRecipeError(f"{user} uses {unknown[0].node}.{unknown[0].stem}, which no node makes")
    used = {part for signal in signals.values() for part in signal.parts}
    if unused := sorted(made - used):
        raise InvalidRecipeError(f"nothing uses {unused[0].node}.{unused[0].stem}")
    if not outputs:
        raise InvalidRecipeError("it makes no stems")
    if silent := [node.id for node in nodes if not node.stems]:
        raise InvalidRecipeError(f"the node {silent[0]} makes no stems")
