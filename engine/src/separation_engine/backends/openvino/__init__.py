"""The OpenVINO runtime for CPUs. It never imports torch."""
