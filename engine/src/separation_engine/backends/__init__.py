"""The libraries that run the networks, behind the interface of `base`."""
