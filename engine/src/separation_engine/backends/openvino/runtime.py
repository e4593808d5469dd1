"""The one place that imports openvino: without its converters, which it can do without."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, cast

if "openvino" not in sys.modules:
    # they take half of the time of its import, and bring its telemetry
    sys.modules["openvino.tools.ovc"] = cast("ModuleType", None)

import openvino as ov
from openvino import opset13 as opset

# the openvino package has no type information
Node = Any
Model = Any
CompiledModel = Any
Request = Any
Core = Any

__all__ = ["CompiledModel", "Core", "Model", "Node", "Request", "opset", "ov"]
