import { open, type FileHandle } from 'node:fs/promises';

/** STREAMINFO has its count of samples here: after `fLaC` and a block header, RFC 9639, 8.2 */
const SAMPLES_OFFSET = 4 + 4 + 13;
const HEADER_BYTES = SAMPLES_OFFSET + 5;

/** Samples per channel in the header of an open FLAC file; 0 if unknown. */
export async function flacSamples(file: FileHandle): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  if (bytesRead < HEADER_BYTES || buffer.toString('latin1', 0, 4) !== 'fLaC') return 0;
  // 36 bits: the low half of a byte, then four bytes
  return (buffer.readUInt8(SAMPLES_OFFSET) & 0x0f) * 2 ** 32 + buffer.readUInt32BE(SAMPLES_OFFSET + 1);
}

export async function readFlacSamples(path: string): Promise<number> {
  const file = await open(path);
  try {
    return await flacSamples(file);
  } finally {
    await file.close();
  }
}
