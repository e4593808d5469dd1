"""One separation: plan, normalize, overlap-add, write stem files."""
