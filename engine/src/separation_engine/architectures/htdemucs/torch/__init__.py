"""HTDemucs on torch: layers that take fewer passes over GPU memory."""
