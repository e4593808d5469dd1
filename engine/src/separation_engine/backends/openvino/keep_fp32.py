"""Keeps chosen operations in float32 while the rest of a model runs in bfloat16."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from separation_engine.backends.openvino.runtime import Core, Model, ov

_LAYER = re.compile(r'\s*<layer id="\d+" name="([^"]+)"')
_MARK = '<rt_info><attribute name="precise" version="0" /></rt_info>'


def keep_fp32(core: Core, model: Model, names: frozenset[str]) -> Model:
    """A copy of the model with these operations marked as `precise`.

    Python cannot set this runtime attribute, so we insert it into the model's XML.
    """
    with tempfile.TemporaryDirectory() as folder:
        xml, weights = Path(folder) / "model.xml", Path(folder) / "model.bin"
        ov.serialize(model, xml, weights)
        lines = xml.read_text("utf-8").splitlines()
        marked = "\n".join(_mark(lines, names))
        # by value: the files are deleted on return
        return core.read_model(marked.encode(), weights.read_bytes())


def _mark(lines: Iterable[str], names: frozenset[str]) -> Iterator[str]:
    """Insert the mark after a layer's own attributes, which take one line at most."""
    waiting = False
    for line in lines:
        if waiting and not line.lstrip().startswith("<data "):
            yield _MARK
            waiting = False
        yield line
        layer = _LAYER.match(line)
        if layer:
            waiting = layer[1] in names
