"""BS-RoFormer and Mel-Band RoFormer: one family that differs in the bands of its spectrum.

Lu et al., "Music Source Separation with Band-Split RoPE Transformer", 2023; Wang et al., "Mel-Band RoFormer
for Music Source Separation", 2023.
"""
