"""The networks that the engine knows: one row of the table and one folder each."""
