"""HTDemucs (Hybrid Transformer Demucs): its settings, and how each runtime builds it."""
