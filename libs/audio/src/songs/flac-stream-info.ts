import { open, type FileHandle } from 'node:fs/promises';

/** What a FLAC says about its samples (RFC 9639, 8.2). */
export interface FlacStreamInfo {
  readonly bits: number;
  /** Hz */
  readonly sampleRate: number;
  /** per channel; 0 if unknown */
  readonly samples: number;
  /** of the samples, in lower-case hex; undefined if its writer left it out */
  readonly md5: string | undefined;
}

const BLOCK_BYTES = 34;
/** the marker, the header of the first block, and the block */
export const STREAM_INFO_BYTES = 4 + 4 + BLOCK_BYTES;
const BLOCK = 8;

/** @param start of the file. @returns undefined if it is no FLAC */
export function parseFlacStreamInfo(start: Buffer): FlacStreamInfo | undefined {
  const isFlac =
    start.toString('latin1', 0, 4) === 'fLaC' && ((start[4] ?? 1) & 0x7f) === 0 && start[7] === BLOCK_BYTES;
  if (!isFlac || start.length < STREAM_INFO_BYTES) return undefined;
  const packed = start.readBigUInt64BE(BLOCK + 10);
  const md5 = start.toString('hex', BLOCK + 18, BLOCK + 34);
  return {
    sampleRate: Number(packed >> 44n),
    bits: Number((packed >> 36n) & 31n) + 1,
    samples: Number(packed & 0xf_ffff_ffffn),
    md5: /^0+$/.test(md5) ? undefined : md5,
  };
}

/** Samples per channel in the header of an open FLAC file; 0 if unknown. */
export async function flacSamples(file: FileHandle): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(STREAM_INFO_BYTES), 0, STREAM_INFO_BYTES, 0);
  return parseFlacStreamInfo(buffer.subarray(0, bytesRead))?.samples ?? 0;
}

export async function readFlacSamples(path: string): Promise<number> {
  const file = await open(path);
  try {
    return await flacSamples(file);
  } finally {
    await file.close();
  }
}
