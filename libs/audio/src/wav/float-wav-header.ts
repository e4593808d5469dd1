import { WORKING_CHANNELS, WORKING_FRAME_BYTES, WORKING_RATE } from './working-format.js';

const UNKNOWN_SIZE = 0xffff_ffff;
const FLOAT = 3;
const BITS = 32;
/** RIFF, the chunk for long sizes, the format, and the name of the data */
export const FLOAT_HEADER_BYTES = 12 + 36 + 24 + 8;

/**
 * The header of a WAV in the working format, always of one length; RF64 above 4 GiB (EBU Tech 3306).
 * @param samples per channel
 */
export function floatWavHeader(samples: number): Buffer {
  const header = Buffer.alloc(FLOAT_HEADER_BYTES);
  const dataBytes = samples * WORKING_FRAME_BYTES;
  const riffBytes = FLOAT_HEADER_BYTES - 8 + dataBytes;
  const isLong = riffBytes >= UNKNOWN_SIZE;
  header.write(isLong ? 'RF64' : 'RIFF', 0, 'latin1');
  header.writeUInt32LE(isLong ? UNKNOWN_SIZE : riffBytes, 4);
  header.write(isLong ? 'WAVEds64' : 'WAVEJUNK', 8, 'latin1');
  header.writeUInt32LE(28, 16);
  if (isLong) {
    header.writeBigUInt64LE(BigInt(riffBytes), 20);
    header.writeBigUInt64LE(BigInt(dataBytes), 28);
    header.writeBigUInt64LE(BigInt(samples), 36);
  }
  header.write('fmt ', 48, 'latin1');
  header.writeUInt32LE(16, 52);
  header.writeUInt16LE(FLOAT, 56);
  header.writeUInt16LE(WORKING_CHANNELS, 58);
  header.writeUInt32LE(WORKING_RATE, 60);
  header.writeUInt32LE(WORKING_RATE * WORKING_FRAME_BYTES, 64);
  header.writeUInt16LE(WORKING_FRAME_BYTES, 68);
  header.writeUInt16LE(BITS, 70);
  header.write('data', 72, 'latin1');
  header.writeUInt32LE(isLong ? UNKNOWN_SIZE : dataBytes, 76);
  return header;
}
