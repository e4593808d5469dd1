"""What Schemathesis cannot draw from the OpenAPI document: songs, and calls that meet a stored file."""

import ast
import json
import math
import struct
from pathlib import Path
from threading import RLock
from typing import Any

import schemathesis
from hypothesis import strategies as st

RATE = 8000

# Hypothesis parses source code in the fuzzer's threads. In Python 3.11, threads that parse at the same time fail
# with "AST constructor recursion depth mismatch" (python/cpython#106905)
_parse, _parsing = ast.parse, RLock()


def parse_alone(*args: Any, **options: Any) -> Any:
    with _parsing:
        return _parse(*args, **options)


ast.parse = parse_alone

# by name; a call takes the first of each, the second of each, and so on
EXAMPLES = {
    "Range": ["bytes=0-99", "bytes=999999999-", "bytes=-100"],
    "If-None-Match": ['"other"', '"other"', "*"],
    "Last-Event-ID": ["processing", "completed"],
    "Upload-Offset": [0],
}


def wav(frequency: int) -> bytes:
    """Half a second of a sine, mono, 16 bit."""
    samples = (int(9000 * math.sin(2 * math.pi * frequency * at / RATE)) for at in range(RATE // 2))
    data = b"".join(struct.pack("<h", sample) for sample in samples)
    form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data


# an empty file is refused, which JSON Schema cannot say of bytes
schemathesis.openapi.format(
    "binary", st.one_of(st.integers(200, 300).map(wav), st.binary(min_size=1, max_size=64))
)

# addresses that the server under test allows
schemathesis.openapi.format("uri", st.integers(0, 99).map("http://127.0.0.1:18080/{}".format))


def stored_ids(operation_id: str) -> list[str]:
    """Ids that the operation may use up, or that have what it asks for."""
    own = {
        "deleteSeparation": "deletable.txt",
        "cancelSeparation": "cancellable.txt",
        "getPreviewBlock": "running.txt",
        "headPreviewBlock": "running.txt",
        "headUpload": "uploads.txt",
        "patchUpload": "uploads.txt",
        "deleteUpload": "droppable.txt",
    }
    return [json.loads(line) for line in Path(own.get(operation_id, "ids.txt")).read_text().splitlines()]


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.hook
def before_load_schema(context: object, raw_schema: dict[str, Any]) -> None:
    """Adds examples: the phases that do not read the dictionaries take them."""
    # a form has one of the three, and here no link is allowed
    form = raw_schema["paths"]["/v1/separations"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    form["required"] = ["file"]
    for other in ("url", "upload"):
        del form["properties"][other]
    # the example of the document is an address that does not exist
    raw_schema["components"]["schemas"]["NewWebhook"]["properties"]["url"]["example"] = "http://127.0.0.1:18080/hook"
    operations = [operation for methods in raw_schema["paths"].values() for operation in methods.values()]
    for operation in operations:
        examples = {**EXAMPLES, "id": stored_ids(operation["operationId"])}
        for parameter in operation.get("parameters", []):
            if parameter["name"] in examples:
                parameter["schema"]["examples"] = examples[parameter["name"]]
                # of readers: a call would prefer it
                parameter.pop("example", None)
                parameter["schema"].pop("example", None)
