from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args, get_type_hints

import fastjsonschema
import pytest

from separation_engine.common.errors import EngineError
from separation_engine.separating.request import SeparationRequest
from separation_engine.serving.messages import Message
from separation_engine.serving.protocol import SCHEMA, BadMessageError, Cancel, Shutdown, parse_command

EXAMPLES = Path(__file__).parents[1] / "protocol" / "examples"
MESSAGES = {message["properties"]["type"]["const"]: message for message in SCHEMA["message"]["oneOf"]}
check_message = fastjsonschema.compile(SCHEMA["message"])
# JSON types of the schema, and the Python types that encode to them
PYTHON_TYPES = {
    "string": str,
    "integer": int,
    "number": float,
    "array": list,
    "object": dict,
}


def examples(name: str) -> list[str]:
    return (EXAMPLES / f"{name}.jsonl").read_text("utf-8").splitlines()


def refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@pytest.mark.parametrize("line", examples("commands"))
def test_parses_every_recorded_command(line: str) -> None:
    fields, command = json.loads(line), parse_command(line.encode())
    if isinstance(command, SeparationRequest):
        assert [str(command.input), str(command.output_dir)] == [fields["input"], fields["outputDir"]]
        assert (command.id, command.request_id, command.model) == tuple(
            fields[name] for name in ("id", "requestId", "model")
        )
        assert [list(command.stems), command.overlap, command.shifts] == [
            fields[name] for name in ("stems", "overlap", "shifts")
        ]
    elif isinstance(command, Cancel):
        assert command.id == fields["id"]
    else:
        assert isinstance(command, Shutdown)
        assert fields["type"] == "shutdown"


@pytest.mark.parametrize("line", examples("invalid-commands"))
def test_refuses_every_invalid_command(line: str) -> None:
    with pytest.raises(BadMessageError):
        parse_command(line.encode())


def test_ignores_unknown_fields() -> None:
    assert parse_command(b'{"type":"cancel","id":"job","mood":"good"}') == Cancel("job")


def test_the_refusal_names_the_job_and_the_field() -> None:
    with pytest.raises(BadMessageError, match=r"cancel\.id must be string") as raised:
        parse_command(b'{"type":"cancel","id":7}')
    assert raised.value.id is None
    broken = {**json.loads(examples("commands")[0]), "id": "job", "overlap": 2}
    with pytest.raises(
        BadMessageError, match=r"separate\.overlap must be smaller than or equal to 0\.9"
    ) as raised:
        parse_command(json.dumps(broken).encode())
    assert raised.value.id == "job"


@pytest.mark.parametrize("line", examples("messages"))
def test_every_recorded_message_fits_the_schema(line: str) -> None:
    check_message(json.loads(line))


@pytest.mark.parametrize("line", examples("invalid-messages"))
def test_no_invalid_message_fits_the_schema(line: str) -> None:
    with pytest.raises((ValueError, fastjsonschema.JsonSchemaException)):
        check_message(json.loads(line, parse_constant=refuse))


def test_the_message_types_are_those_of_the_schema() -> None:
    types = {get_args(get_type_hints(message)["type"])[0]: message for message in get_args(Message)}
    assert types.keys() == MESSAGES.keys()
    for kind, message in types.items():
        assert_same_shape(message, MESSAGES[kind], kind)


def assert_same_shape(declared: type, schema: dict[str, Any], where: str) -> None:
    hints = get_type_hints(declared)
    assert hints.keys() == schema["properties"].keys() == set(schema["required"]), where
    assert vars(declared)["__required_keys__"] == hints.keys(), where
    for name, hint in hints.items():
        assert_same_type(hint, schema["properties"][name], f"{where}.{name}")


def assert_same_type(hint: object, schema: dict[str, Any], where: str) -> None:
    variants = schema.get("anyOf", [{**schema, "type": kind} for kind in listed(schema.get("type"))])
    if {"type": "null"} in [{"type": variant["type"]} for variant in variants]:
        (schema,) = (variant for variant in variants if variant["type"] != "null")
        (hint,) = set(get_args(hint)) - {type(None)}
    if "const" in schema:
        assert get_args(hint) == (schema["const"],), where
    elif schema["type"] == "array":
        (of,) = get_args(hint)
        assert_same_type(of, schema["items"], where)
    elif "properties" in schema:
        assert isinstance(hint, type), where
        assert_same_shape(hint, schema, where)
    else:
        assert getattr(hint, "__origin__", hint) is PYTHON_TYPES[schema["type"]], where


def listed(kinds: object) -> list[object]:
    return kinds if isinstance(kinds, list) else [kinds]


def test_the_error_codes_are_those_of_the_schema() -> None:
    classes: list[type[EngineError]] = [EngineError, *EngineError.__subclasses__()]
    assert {one.code for one in classes} == set(MESSAGES["error"]["properties"]["code"]["enum"])
