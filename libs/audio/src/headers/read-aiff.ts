import { UnsupportedAudioError } from '../errors/audio.error.js';
import type { ByteReader } from '../sources/byte-reader.js';
import { isPlausible, type PcmStream, type SampleKind } from './pcm-stream.js';

const MAX_CHUNKS = 1000;
const UNKNOWN = 0xffff_ffff;

/** AIFC's names for plain samples; a name without a width takes it from the header */
const COMPRESSIONS: Readonly<Record<string, string>> = {
  NONE: 'be',
  twos: 'be',
  sowt: 'le',
  in16: 's16be',
  in24: 's24be',
  in32: 's32be',
  '42ni': 's24le',
  '23ni': 's32le',
  // libsndfile spells both with a digit
  '42n1': 's24le',
  '23n1': 's32le',
  'raw ': 'u8',
  fl32: 'f32be',
  FL32: 'f32be',
  fl64: 'f64be',
  FL64: 'f64be',
  alaw: 'alaw',
  ALAW: 'alaw',
  ulaw: 'mulaw',
  ULAW: 'mulaw',
};

type Common = SampleKind & Pick<PcmStream, 'channels' | 'sampleRate'>;

/**
 * Reads an AIFF or AIFC, its chunks in any order.
 * @returns undefined if it holds something else than plain samples, or names its speakers: ffmpeg knows those
 * @throws UnsupportedAudioError
 */
export async function readAiff(reader: ByteReader): Promise<PcmStream | undefined> {
  const start = await reader.read(0, 12);
  const kind = start.toString('latin1', 8, 12);
  if (start.toString('latin1', 0, 4) !== 'FORM' || !['AIFF', 'AIFC'].includes(kind)) return undefined;
  let common: Common | undefined;
  let data: Pick<PcmStream, 'dataOffset' | 'dataBytes'> | undefined;
  for (let at = 12, count = 0; at + 8 <= reader.bytes && count < MAX_CHUNKS; count += 1) {
    const header = await reader.read(at, 8);
    const name = header.toString('latin1', 0, 4);
    const bytes = header.readUInt32BE(4);
    if (name === 'CHAN') return undefined;
    if (name === 'COMM') {
      common = parseCommon(await reader.read(at + 8, Math.min(bytes, 22)), kind === 'AIFC');
      if (common === undefined) return undefined;
    }
    if (name === 'SSND') data = parseSound(at + 8, bytes, await reader.read(at + 8, 8));
    if (common !== undefined && data !== undefined && common.channels <= 2) break;
    at += 8 + bytes + (bytes % 2);
  }
  if (common === undefined || data === undefined) return undefined;
  return { container: 'aiff', ...common, ...data, speakers: 0 };
}

function parseSound(at: number, bytes: number, body: Buffer): Pick<PcmStream, 'dataOffset' | 'dataBytes'> {
  if (body.length < 8) return { dataOffset: at + body.length, dataBytes: 0 };
  const skip = 8 + body.readUInt32BE(0);
  return { dataOffset: at + skip, dataBytes: bytes === 0 || bytes === UNKNOWN ? undefined : Math.max(bytes - skip, 0) };
}

function parseCommon(body: Buffer, isAifc: boolean): Common | undefined {
  if (body.length < (isAifc ? 22 : 18)) throw new UnsupportedAudioError('The AIFF header breaks off.');
  const channels = body.readUInt16BE(0);
  const bits = body.readUInt16BE(6);
  const sampleRate = Math.round(extendedFloat(body.subarray(8, 18)));
  const compression = new Map(Object.entries(COMPRESSIONS)).get(isAifc ? body.toString('latin1', 18, 22) : 'NONE');
  if (compression === undefined) return undefined;
  if (!isPlausible({ channels, sampleRate })) {
    throw new UnsupportedAudioError(`The AIFF header says ${channels} channels at ${sampleRate} Hz.`);
  }
  const sampleFormat = ['be', 'le'].includes(compression) ? integerName(Math.ceil(bits / 8), compression) : compression;
  if (sampleFormat === undefined) throw new UnsupportedAudioError(`The AIFF header says samples of ${bits} bits.`);
  const sampleBytes = Number(/\d+/.exec(sampleFormat)?.[0] ?? 8) / 8;
  return { channels, sampleRate, sampleFormat, sampleBytes, zeroBytes: 0 };
}

function integerName(bytes: number, order: string): string | undefined {
  if (bytes === 1) return 's8';
  return bytes >= 2 && bytes <= 4 ? `s${bytes * 8}${order}` : undefined;
}

/** An 80-bit float: a sign, 15 bits of exponent, and 64 bits whose first is 1. */
function extendedFloat(bytes: Buffer): number {
  const exponent = bytes.readUInt16BE(0) & 0x7fff;
  const mantissa = bytes.readUInt32BE(2) * 2 ** 32 + bytes.readUInt32BE(6);
  return mantissa * 2 ** (exponent - 16_383 - 63);
}
