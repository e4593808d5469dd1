"""Networks of the demucs package as torch runs them, without changes of ours."""
