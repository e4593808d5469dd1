"""SCNet on torch, for CUDA and as a reference."""
