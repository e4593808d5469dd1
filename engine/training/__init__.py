"""Makes the demo model: synthesizes music, trains a tiny HTDemucs on it, and evaluates it.

Not part of the installed engine. Run the modules from the `engine` folder, for example
`python -m training.evaluate`.
"""
