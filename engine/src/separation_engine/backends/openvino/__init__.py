"""HTDemucs on CPUs with OpenVINO: the graph is built from the weights, and torch is never imported."""
