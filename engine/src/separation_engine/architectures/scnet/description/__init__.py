"""What an SCNet is made of, for every runtime: its sizes and tensors. Imports nothing heavy."""
