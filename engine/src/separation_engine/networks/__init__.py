"""What a network is: its interface once loaded, its settings and weights, and how to build it."""
