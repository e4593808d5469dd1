/** The header of a frame of MPEG audio, layers 1 to 3 (ISO/IEC 11172-3, 2.4.1.3, and 13818-3). */
export interface Mp3Frame {
  /** of the frame */
  readonly bytes: number;
  /** per channel */
  readonly samples: number;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** what stays the same within a stream: version, layer, sample rate */
  readonly stream: number;
}

export const HEADER_BYTES = 4;
const STREAM_BITS = 0xfffe_0c00;

/** kbit/s by the index in the header, from 1 */
const BITRATES: Readonly<Record<string, readonly number[]>> = {
  'v1 l1': [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  'v1 l2': [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  'v1 l3': [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  'v2 l1': [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  'v2 l2': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  'v2 l3': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const RATES = [44_100, 48_000, 32_000];

/** @returns undefined if there is no header, or one of free format, which does not say how long its frame is */
export function parseMp3Frame(bytes: Buffer, at: number): Mp3Frame | undefined {
  if (at + HEADER_BYTES > bytes.length || bytes[at] !== 0xff) return undefined;
  const header = bytes.readUInt32BE(at);
  const version = (header >>> 19) & 3;
  const layer = 4 - ((header >>> 17) & 3);
  const rate = RATES[(header >>> 10) & 3];
  if (header >>> 21 !== 0x7ff || version === 1 || layer === 4 || rate === undefined) return undefined;
  const isVersion1 = version === 3;
  const bitrate = BITRATES[`v${isVersion1 ? 1 : 2} l${layer}`]?.[((header >>> 12) & 15) - 1];
  if (bitrate === undefined) return undefined;
  const sampleRate = rate / { 3: 1, 2: 2, 0: 4 }[version as 0 | 2 | 3];
  const padding = (header >>> 9) & 1;
  const samples = layer === 1 ? 384 : layer === 3 && !isVersion1 ? 576 : 1152;
  const slots = Math.floor(((layer === 1 ? 12 : samples / 8) * bitrate * 1000) / sampleRate) + padding;
  return {
    bytes: layer === 1 ? slots * 4 : slots,
    samples,
    sampleRate,
    channels: ((header >>> 6) & 3) === 3 ? 1 : 2,
    stream: (header & STREAM_BITS) >>> 0,
  };
}

/** A frame like the one at the start of `bytes`, without padding and checksum, that decodes to silence. */
export function silentMp3Frame(bytes: Buffer): Buffer | undefined {
  const header = Buffer.from(bytes.subarray(0, HEADER_BYTES));
  header.writeUInt32BE(((header.readUInt32BE(0) | 0x0001_0000) & ~0x0000_0200) >>> 0);
  const frame = parseMp3Frame(header, 0);
  // all zeros: no bits for any band
  return frame && Buffer.concat([header], frame.bytes);
}

/** What the first frame of a file says about the others, instead of music. */
export interface Mp3Index {
  readonly frames: number | undefined;
  /** of all frames, this one included */
  readonly bytes: number | undefined;
}

/** Reads the tag of Xing and LAME, or of Fraunhofer (VBRI), from a whole frame. */
export function parseMp3Index(frame: Buffer, { channels, stream }: Mp3Frame): Mp3Index | undefined {
  const isVersion1 = ((stream >>> 19) & 3) === 3;
  const sideBytes = isVersion1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  const xing = HEADER_BYTES + sideBytes;
  if (['Xing', 'Info'].includes(frame.toString('latin1', xing, xing + 4)) && frame.length >= xing + 16) {
    const flags = frame.readUInt32BE(xing + 4);
    const hasFrames = (flags & 1) !== 0;
    return {
      frames: hasFrames ? frame.readUInt32BE(xing + 8) : undefined,
      bytes: (flags & 2) !== 0 ? frame.readUInt32BE(xing + (hasFrames ? 12 : 8)) : undefined,
    };
  }
  const vbri = HEADER_BYTES + 32;
  if (frame.toString('latin1', vbri, vbri + 4) !== 'VBRI' || frame.length < vbri + 18) return undefined;
  return { bytes: frame.readUInt32BE(vbri + 10), frames: frame.readUInt32BE(vbri + 14) };
}
