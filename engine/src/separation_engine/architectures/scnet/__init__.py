"""SCNet: convolutions at a rate of their own in each of three bands, between LSTMs along both axes.

Tong et al., "SCNet: Sparse Compression Network for Music Source Separation", 2024.
"""
