import type { ByteReader } from '../sources/byte-reader.js';
import type { PcmStream } from './pcm-stream.js';
import { parseWaveFormat, type WaveFormat } from './wave-format.js';

const MAX_CHUNKS = 1000;
/** the ends of the GUIDs that start with `riff`, and with the names of the chunks */
const RIFF_GUID = '2e91cf11a5d628db04c10000';
const CHUNK_GUID = 'f3acd3118cd100c04f8edb8a';
const HEADER_BYTES = 24;

/**
 * Reads a Sony Wave64: a WAV whose chunks have GUIDs for names and 64-bit lengths that count their headers.
 * @returns undefined if it holds something else than plain samples
 * @throws UnsupportedAudioError
 */
export async function readW64(reader: ByteReader): Promise<PcmStream | undefined> {
  const start = await reader.read(0, 40);
  if (start.toString('latin1', 0, 4) !== 'riff' || start.toString('hex', 4, 16) !== RIFF_GUID) return undefined;
  let format: WaveFormat | undefined;
  for (let at = 40, count = 0; at + HEADER_BYTES <= reader.bytes && count < MAX_CHUNKS; count += 1) {
    const header = await reader.read(at, HEADER_BYTES);
    const isKnown = header.toString('hex', 4, 16) === CHUNK_GUID;
    const name = isKnown ? header.toString('latin1', 0, 4) : '';
    const bytes = Number(header.readBigUInt64LE(16)) - HEADER_BYTES;
    if (name === 'fmt ') format = parseWaveFormat(await reader.read(at + HEADER_BYTES, Math.min(bytes, 64)), false);
    if (name === 'data') {
      if (format === undefined) return undefined;
      const dataBytes = bytes > 0 ? bytes : undefined;
      return { container: 'w64', ...format, dataOffset: at + HEADER_BYTES, dataBytes };
    }
    if (bytes < 0) return undefined;
    at += Math.ceil((HEADER_BYTES + bytes) / 8) * 8;
  }
  return undefined;
}
