"""Known and installed models: where their weights are, how to fetch and verify them."""
