"""What all networks of the demucs package share when torch runs them."""
