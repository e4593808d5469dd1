"""The torch runtime: CUDA devices, and the CPU as the reference."""
