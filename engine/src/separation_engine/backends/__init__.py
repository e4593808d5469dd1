"""The runtimes: libraries that run networks on a device, and the choice between them."""
