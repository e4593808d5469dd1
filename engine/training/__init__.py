"""Makes the demo model: synthesises music, trains a tiny HTDemucs on it and measures it.

Not part of the installed engine. Run the modules from the `engine` folder,
for example `python -m training.evaluate`.
"""
