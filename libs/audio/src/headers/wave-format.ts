import { UnsupportedAudioError } from '../errors/audio.error.js';
import { isPlausible, type PcmStream, type SampleKind } from './pcm-stream.js';

const INTEGER = 1;
const FLOAT = 3;
const A_LAW = 6;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;
/** the ends of GUIDs that start with a format tag: plain, and ambisonic (mmreg.h of Windows) */
const TAGGED_GUIDS = ['0000-0010-800000aa00389b71', '0721-11d3-8644c8c1ca000000'];

export type WaveFormat = SampleKind & Pick<PcmStream, 'sampleRate' | 'channels' | 'speakers'>;

/**
 * Reads WAVEFORMATEX. A sample is as wide as its block says, whatever the number of bits in it: those are at its high
 * end (Microsoft, WAVEFORMATEXTENSIBLE).
 * @returns undefined for a compressed format
 * @throws UnsupportedAudioError for a format that nothing here can read
 */
export function parseWaveFormat(body: Buffer, isBigEndian: boolean): WaveFormat | undefined {
  if (body.length < 16) throw new UnsupportedAudioError('The WAV header breaks off.');
  const u16 = (at: number): number => (isBigEndian ? body.readUInt16BE(at) : body.readUInt16LE(at));
  const u32 = (at: number): number => (isBigEndian ? body.readUInt32BE(at) : body.readUInt32LE(at));
  const isExtensible = u16(0) === EXTENSIBLE && body.length >= 40;
  const guidEnd = isExtensible ? `${hex(u16(28))}-${hex(u16(30))}-${body.toString('hex', 32, 40)}` : '';
  const tag = TAGGED_GUIDS.includes(guidEnd) ? u32(24) : u16(0);
  const [channels, sampleRate, byteRate, blockBytes, bits] = [u16(2), u32(4), u32(8), u16(12), u16(14)];
  if (![INTEGER, FLOAT, A_LAW, MU_LAW].includes(tag)) return undefined;
  if (!isPlausible({ channels, sampleRate })) {
    throw new UnsupportedAudioError(`The WAV header says ${channels} channels at ${sampleRate} Hz.`);
  }
  const packed = Math.ceil(bits / 8);
  const block = blockBytes / channels;
  // some writers get the block wrong, but never the rate of bytes as well
  const isWide = block > packed && Number.isInteger(block) && byteRate !== sampleRate * channels * packed;
  const sampleBytes = isWide ? block : packed;
  const sampleFormat = formatName(tag, sampleBytes, isBigEndian);
  if (sampleFormat === undefined) {
    throw new UnsupportedAudioError(`The WAV header says samples of ${bits} bits in ${sampleBytes} bytes.`);
  }
  // a plain header has no field for the width: some writers meant something else
  const zeroBytes = isWide && !isExtensible && tag === INTEGER ? sampleBytes - packed : 0;
  return { sampleFormat, sampleBytes, zeroBytes, channels, sampleRate, speakers: isExtensible ? u32(20) : 0 };
}

function formatName(tag: number, bytes: number, isBigEndian: boolean): string | undefined {
  const order = isBigEndian ? 'be' : 'le';
  if (tag === A_LAW || tag === MU_LAW) return bytes === 1 ? { [A_LAW]: 'alaw', [MU_LAW]: 'mulaw' }[tag] : undefined;
  if (tag === FLOAT) return bytes === 4 || bytes === 8 ? `f${bytes * 8}${order}` : undefined;
  if (bytes === 1) return 'u8';
  return bytes >= 2 && bytes <= 4 ? `s${bytes * 8}${order}` : undefined;
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0');
}
