"""RoFormers on the CPU."""
