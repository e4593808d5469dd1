"""HTDemucs on CPUs with OpenVINO: the graph is built from the weights, and torch is never imported."""

from separation_engine.backends.openvino.backend import OpenvinoBackend

__all__ = ["OpenvinoBackend"]
