"""Streams float32 WAV and RF64: random reads, and writes whose length is known in advance."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.errors import InvalidInputError

Samples = NDArray[np.float32]

CHANNELS = 2
_FRAME_BYTES = CHANNELS * 4
_FLOAT_FORMAT = 3
_EXTENSIBLE_FORMAT = 0xFFFE
_MAX_SIZE = 0xFFFFFFFF


class WavReader:
    """Random access to a float32 stereo WAV, in constant memory.

    samples: length of the song. sample_rate: in Hz.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise InvalidInputError(f"cannot open the input: {error.strerror}") from error
        try:
            self.sample_rate, self._first_byte, self.samples = _parse_header(self._file)
        except BaseException:
            self._file.close()
            raise

    def read(self, start: int, samples: int) -> Samples:
        """Samples [start, start + samples) as (channels=2, samples); zeros outside the song."""
        return np.ascontiguousarray(self.read_frames(start, samples).T)

    def read_frames(self, start: int, samples: int) -> Samples:
        """The same as they are stored, (samples, channels=2)."""
        frames = np.empty((samples, CHANNELS), np.float32)
        self.read_into(frames, start)
        return frames

    def read_into(self, frames: Samples, start: int) -> None:
        """Like `read_frames`, into an array: (samples, channels=2), contiguous."""
        samples = len(frames)
        first, last = max(start, 0), min(start + samples, self.samples)
        if first >= last:
            frames.fill(0)
            return
        frames[: first - start] = 0
        frames[last - start :] = 0
        missing = frames[first - start : last - start].data.cast("B")
        position = self._first_byte + first * _FRAME_BYTES
        while missing:
            if not (count := os.preadv(self._file.fileno(), [missing], position)):
                raise InvalidInputError("the input shrank while it was being read")
            missing, position = missing[count:], position + count

    def close(self) -> None:
        self._file.close()


class WavWriter:
    """Writes a float32 stereo WAV of exactly `samples`, as RF64 above 4 GiB.

    Each block is in the file when `write` returns, so a reader can follow the writer.
    """

    def __init__(self, path: Path, samples: int, sample_rate: int) -> None:
        self._missing = samples
        self._file = path.open("wb", buffering=0)
        self._file.write(_make_header(samples, sample_rate))

    def write(self, block: Samples) -> None:
        """block: (channels=2, one sample or more)."""
        # channel by channel: copying the transposed block takes four times as long
        self.write_frames(np.stack([*block], axis=1))

    def write_frames(self, frames: Samples) -> None:
        """frames: (one sample or more, channels=2), contiguous."""
        self._missing -= frames.shape[0]
        content = frames.astype("<f4", copy=False).data.cast("B")
        while content:
            content = content[self._file.write(content) :]

    def close(self) -> None:
        self._file.close()

    def finish(self) -> None:
        """Close, and require that the file is as long as its header says."""
        self.close()
        if self._missing:
            raise AssertionError(f"a stem is {self._missing} samples short")


def _parse_header(file: BinaryIO) -> tuple[int, int, int]:
    """Returns the sample rate, the samples' byte offset and their number."""
    form, _, kind = struct.unpack("<4sI4s", _read(file, 12))
    if form not in {b"RIFF", b"RF64"} or kind != b"WAVE":
        raise InvalidInputError("the input is not a WAV file")
    long_size: int | None = None
    sample_rate: int | None = None
    while True:
        name, size = struct.unpack("<4sI", _read(file, 8))
        if name == b"data":
            break
        body = _read(file, size + size % 2)
        if name == b"ds64":
            long_size = int(struct.unpack_from("<8xQ", body)[0])
        elif name == b"fmt ":
            sample_rate = _parse_format(body)
    if sample_rate is None:
        raise InvalidInputError("the input has no format chunk before its samples")
    first_byte = file.tell()
    available = file.seek(0, 2) - first_byte
    # a writer that cannot seek back leaves 0 or the maximum: the samples then run to the end of the file
    declared = long_size if form == b"RF64" and size == _MAX_SIZE and long_size else size
    length = min(declared, available) if declared not in {0, _MAX_SIZE} else available
    return sample_rate, first_byte, length // _FRAME_BYTES


def _parse_format(body: bytes) -> int:
    if len(body) < 16:
        raise InvalidInputError("the input has a broken format chunk")
    code, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if code == _EXTENSIBLE_FORMAT and len(body) >= 26:
        code = struct.unpack_from("<H", body, 24)[0]
    if (code, channels, bits) != (_FLOAT_FORMAT, CHANNELS, 32):
        raise InvalidInputError("the input is not a stereo WAV with 32-bit float samples")
    return int(sample_rate)


def _read(file: BinaryIO, size: int) -> bytes:
    # chunks before the samples are small; a huge one means this is not our WAV
    content = file.read(size) if size <= 1 << 20 else b""
    if len(content) < size:
        raise InvalidInputError("the input ends inside its header")
    return content


def _make_header(samples: int, sample_rate: int) -> bytes:
    size = samples * _FRAME_BYTES
    layout = struct.pack(
        "<HHIIHH", _FLOAT_FORMAT, CHANNELS, sample_rate, sample_rate * _FRAME_BYTES, _FRAME_BYTES, 32
    )
    fmt = struct.pack("<4sI", b"fmt ", len(layout)) + layout
    if size + 4 + len(fmt) + 8 <= _MAX_SIZE:
        head = struct.pack("<4sI4s", b"RIFF", 4 + len(fmt) + 8 + size, b"WAVE")
        return head + fmt + struct.pack("<4sI", b"data", size)
    long_sizes = struct.pack("<4sIQQQI", b"ds64", 28, 4 + 36 + len(fmt) + 8 + size, size, samples, 0)
    head = struct.pack("<4sI4s", b"RF64", _MAX_SIZE, b"WAVE")
    return head + long_sizes + fmt + struct.pack("<4sI", b"data", _MAX_SIZE)
