import { open } from 'node:fs/promises';

/** `fLaC`, the header of the first block, and the first 18 bytes of STREAMINFO */
const HEAD_BYTES = 4 + 4 + 18;
const SAMPLES_AT = 4 + 4 + 13;

/** Samples of one channel, as the STREAMINFO block of a FLAC file says (RFC 9639, 8.2); 0 where it is not known. */
export async function readFlacSamples(path: string): Promise<number> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    if (bytesRead < HEAD_BYTES || head.toString('latin1', 0, 4) !== 'fLaC') return 0;
    // 36 bits: the low half of a byte and the four bytes after it
    return (head.readUInt8(SAMPLES_AT) & 0x0f) * 2 ** 32 + head.readUInt32BE(SAMPLES_AT + 1);
  } finally {
    await file.close();
  }
}
