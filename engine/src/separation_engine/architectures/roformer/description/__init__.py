"""What a RoFormer is made of, for every runtime: its sizes, bands and tensors. Imports nothing heavy."""
