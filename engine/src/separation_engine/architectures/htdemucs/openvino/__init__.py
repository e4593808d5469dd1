"""HTDemucs as an OpenVINO graph, built from the weights without torch."""
