"""What Schemathesis cannot draw from the OpenAPI document: songs."""

import math
import struct

import schemathesis
from hypothesis import strategies as st

RATE = 8000


def wav(frequency: int) -> bytes:
    """Half a second of a sine, mono, 16 bit."""
    samples = (int(9000 * math.sin(2 * math.pi * frequency * at / RATE)) for at in range(RATE // 2))
    data = b"".join(struct.pack("<h", sample) for sample in samples)
    form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data


# an empty file is refused, which JSON Schema cannot say of bytes
schemathesis.openapi.format(
    "binary", st.one_of(st.integers(200, 300).map(wav), st.binary(min_size=1, max_size=64))
)
