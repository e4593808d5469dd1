"""One separation: plan segments, normalize, overlap-add, write stem files."""
