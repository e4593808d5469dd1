"""SCNet on the CPU."""
