import { buffer } from 'node:stream/consumers';
import type { SeekableSource } from './seekable-source.js';

/** the possible first atoms of an MP4 or QuickTime file */
const FIRST_ATOMS = ['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot', 'uuid'];
const HEADER_BYTES = 16;
/** limit on the atoms to read before the index or the audio */
const MAX_ATOMS = 64;

/**
 * Whether the song is an MP4 or QuickTime file whose index (`moov`) follows its audio (`mdat`), as recorders write it.
 * ffmpeg cannot decode such a file from a pipe. Reads 16 bytes per atom (ISO/IEC 14496-12, 4.2).
 */
export async function needsSeeking(source: SeekableSource): Promise<boolean> {
  let at = 0;
  for (let count = 0; count < MAX_ATOMS && at + HEADER_BYTES <= source.bytes; count += 1) {
    const header = await buffer(await source.read({ start: at, end: at + HEADER_BYTES - 1 }));
    const type = header.toString('latin1', 4, 8);
    if (count === 0 && !FIRST_ATOMS.includes(type)) return false;
    if (type === 'moov') return false;
    if (type === 'mdat') return true;
    const bytes = atomBytes(header);
    if (bytes < 8) return false;
    at += bytes;
  }
  return false;
}

function atomBytes(header: Buffer): number {
  const bytes = header.readUInt32BE(0);
  // 1: a 64-bit length follows; 0: the atom extends to the end of the file
  return bytes === 1 ? Number(header.readBigUInt64BE(8)) : bytes;
}
