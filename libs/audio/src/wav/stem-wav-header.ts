import { WORKING_CHANNELS, WORKING_RATE } from './working-format.js';

const BITS = 24;
/** bytes of one sample of all channels */
export const STEM_FRAME_BYTES = (WORKING_CHANNELS * BITS) / 8;
const UNKNOWN_SIZE = 0xffff_ffff;

/**
 * The header of a stem as a WAV: 24-bit integers, 44.1 kHz, stereo; RF64 above 4 GiB (EBU Tech 3306).
 * @param samples per channel
 */
export function stemWavHeader(samples: number): Buffer {
  const dataBytes = samples * STEM_FRAME_BYTES;
  const dataHeaderBytes = 8;
  const riffBytes = 4 + FORMAT.length + dataHeaderBytes + dataBytes;
  if (riffBytes < UNKNOWN_SIZE) {
    return Buffer.concat([chunkHeader('RIFF', riffBytes), Buffer.from('WAVE'), FORMAT, chunkHeader('data', dataBytes)]);
  }
  const sizes = Buffer.alloc(28);
  sizes.writeBigUInt64LE(BigInt(riffBytes + 8 + sizes.length), 0);
  sizes.writeBigUInt64LE(BigInt(dataBytes), 8);
  sizes.writeBigUInt64LE(BigInt(samples), 16);
  return Buffer.concat([
    ...[chunkHeader('RF64', UNKNOWN_SIZE), Buffer.from('WAVE'), chunkHeader('ds64', sizes.length), sizes],
    ...[FORMAT, chunkHeader('data', UNKNOWN_SIZE)],
  ]);
}

function chunkHeader(name: string, bytes: number): Buffer {
  const header = Buffer.from(`${name}....`, 'latin1');
  header.writeUInt32LE(bytes, 4);
  return header;
}

const FORMAT = formatChunk();

function formatChunk(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(1, 0);
  body.writeUInt16LE(WORKING_CHANNELS, 2);
  body.writeUInt32LE(WORKING_RATE, 4);
  body.writeUInt32LE(WORKING_RATE * STEM_FRAME_BYTES, 8);
  body.writeUInt16LE(STEM_FRAME_BYTES, 12);
  body.writeUInt16LE(BITS, 14);
  return Buffer.concat([chunkHeader('fmt ', body.length), body]);
}
