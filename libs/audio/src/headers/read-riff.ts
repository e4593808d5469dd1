import type { ByteReader } from '../sources/byte-reader.js';
import type { PcmStream } from './pcm-stream.js';
import { parseWaveFormat, type WaveFormat } from './wave-format.js';

/** limit on the chunks before the samples */
const MAX_CHUNKS = 1000;
const UNKNOWN = 0xffff_ffff;
/** a length that its writer never came back for */
const PLACEHOLDERS = [0, UNKNOWN, 0x7fff_ffff, 0x7fff_f000];

/**
 * Reads a WAV: RIFF, big-endian RIFX, and RF64 or BW64 above 4 GiB (EBU Tech 3306).
 * @returns undefined if it holds something else than plain samples
 * @throws UnsupportedAudioError
 */
export async function readRiff(reader: ByteReader): Promise<PcmStream | undefined> {
  const start = await reader.read(0, 12);
  const kind = start.toString('latin1', 0, 4);
  if (!['RIFF', 'RIFX', 'RF64', 'BW64'].includes(kind) || start.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  const isBigEndian = kind === 'RIFX';
  let format: WaveFormat | undefined;
  let data: { readonly offset: number; readonly bytes: number } | undefined;
  let longBytes: number | undefined;
  for (let at = 12, count = 0; at + 8 <= reader.bytes && count < MAX_CHUNKS; count += 1) {
    const header = await reader.read(at, 8);
    const name = header.toString('latin1', 0, 4);
    const bytes = isBigEndian ? header.readUInt32BE(4) : header.readUInt32LE(4);
    if (name === 'fmt ') {
      format = parseWaveFormat(await reader.read(at + 8, Math.min(bytes, 64)), isBigEndian);
      if (format === undefined) return undefined;
    }
    if (name === 'ds64') longBytes = longBytesOf(await reader.read(at + 8, 24));
    if (name === 'data') data ??= { offset: at + 8, bytes };
    if (format !== undefined && data !== undefined) break;
    at += 8 + bytes + (bytes % 2);
  }
  if (format === undefined || data === undefined) return undefined;
  const dataBytes = data.bytes === UNKNOWN ? longBytes : knownBytes(data, start, isBigEndian, reader.bytes);
  return { container: 'wav', ...format, dataOffset: data.offset, dataBytes };
}

/** 0 is a true length only in a file that is complete: a recorder that lost power leaves zeros. */
function knownBytes(
  data: { readonly offset: number; readonly bytes: number },
  start: Buffer,
  isBigEndian: boolean,
  fileBytes: number,
): number | undefined {
  if (!PLACEHOLDERS.includes(data.bytes)) return data.bytes;
  const riffBytes = isBigEndian ? start.readUInt32BE(4) : start.readUInt32LE(4);
  const isComplete = riffBytes + 8 >= fileBytes && !PLACEHOLDERS.includes(riffBytes);
  return data.bytes === 0 && isComplete ? 0 : undefined;
}

function longBytesOf(body: Buffer): number | undefined {
  return body.length < 16 ? undefined : Number(body.readBigUInt64LE(8));
}
