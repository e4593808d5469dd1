"""The networks that the engine knows.

To add one: write a folder with an `Architecture` row in `row.py`, and add that row to `table.py`.
"""
