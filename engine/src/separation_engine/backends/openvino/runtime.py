"""The only module that imports openvino. It skips the converters, which the engine does not need."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, cast

if "openvino" not in sys.modules:
    # the converters take half of the import time, and start telemetry
    sys.modules["openvino.tools.ovc"] = cast("ModuleType", None)

import openvino as ov
from openvino import opset13 as opset

# the openvino package is untyped
Node = Any
Model = Any
CompiledModel = Any
Request = Any
Core = Any

__all__ = ["CompiledModel", "Core", "Model", "Node", "Request", "opset", "ov"]
