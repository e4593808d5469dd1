// just enough of FLAC (RFC 9639) to find frames; the browser decodes them

export interface StreamInfo {
  readonly blockSamples: number;
  readonly sampleRate: number;
  readonly samples: number;
  /** offset of the first frame in the file */
  readonly dataOffset: number;
  /** `fLaC` and the stream info; followed by any frames, it is a complete file */
  readonly prefix: Uint8Array<ArrayBuffer>;
}

export class NotFlacError extends Error {}

const MAGIC_BYTES = 4;
const STREAM_INFO_BYTES = 34;
const BLOCK_HEADER_BYTES = 4;
const LAST_BLOCK = 0x80;
const MAGIC = 0x664c_6143;

/** @param head includes all metadata of the file. @throws NotFlacError unless it is FLAC with a fixed block size */
export function parseStreamInfo(head: Uint8Array): StreamInfo {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 42 || view.getUint32(0) !== MAGIC) throw new NotFlacError('not a FLAC file');
  const info = MAGIC_BYTES + BLOCK_HEADER_BYTES;
  const blockSamples = view.getUint16(info + 2);
  if (view.getUint16(info) !== blockSamples) throw new NotFlacError('the block size varies');
  const rate = view.getUint32(info + 10);
  return {
    blockSamples,
    sampleRate: rate >>> 12,
    samples: (view.getUint8(info + 13) & 0x0f) * 2 ** 32 + view.getUint32(info + 14),
    dataOffset: endOfMetadata(view),
    prefix: segmentPrefix(head),
  };
}

function endOfMetadata(view: DataView): number {
  let at = MAGIC_BYTES;
  for (let last = false; !last;) {
    if (at + BLOCK_HEADER_BYTES > view.byteLength) throw new NotFlacError('the metadata is longer than expected');
    last = (view.getUint8(at) & LAST_BLOCK) !== 0;
    at += BLOCK_HEADER_BYTES + (view.getUint32(at) & 0xff_ffff);
  }
  return at;
}

/** Marks length and checksum as unknown, because they are those of the whole song. */
function segmentPrefix(head: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = new Uint8Array(head.slice(0, MAGIC_BYTES + BLOCK_HEADER_BYTES + STREAM_INFO_BYTES));
  prefix[MAGIC_BYTES] = LAST_BLOCK;
  const info = MAGIC_BYTES + BLOCK_HEADER_BYTES;
  prefix[info + 13] = (prefix[info + 13] ?? 0) & 0xf0;
  prefix.fill(0, info + 14);
  return prefix;
}

/** A frame by its number, and the offset of its header. */
export interface FramePlace {
  readonly frame: number;
  readonly offset: number;
}

/**
 * Finds the next frame header at or after `from` whose frame number is accepted. The checksum and the number tell a
 * header from audio that looks like one by chance.
 */
export function findFrame(
  bytes: Uint8Array,
  from: number,
  accepts: (frame: number) => boolean,
): FramePlace | undefined {
  for (let offset = bytes.indexOf(0xff, from); offset !== -1; offset = bytes.indexOf(0xff, offset + 1)) {
    const frame = frameNumber(bytes, offset);
    if (frame !== undefined && accepts(frame)) return { frame, offset };
  }
  return undefined;
}

/** Number of the frame whose header starts at `at`; undefined if there is no header. */
function frameNumber(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== 0xff || bytes[at + 1] !== 0xf8) return undefined;
  const coded = codedNumber(bytes, at + 4);
  if (coded === undefined) return undefined;
  const sizes = bytes[at + 2] ?? 0;
  const end = coded.end + explicitBlockSizeBytes(sizes >> 4) + explicitRateBytes(sizes & 0x0f);
  if (end >= bytes.length || crc8(bytes, at, end) !== bytes[end]) return undefined;
  return coded.value;
}

function explicitBlockSizeBytes(code: number): number {
  return code === 6 ? 1 : code === 7 ? 2 : 0;
}

function explicitRateBytes(code: number): number {
  return code === 12 ? 1 : code === 13 || code === 14 ? 2 : 0;
}

/** Decodes a number that is encoded like a character in UTF-8. */
function codedNumber(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | undefined {
  const first = bytes[at] ?? 0xff;
  const length = first < 0x80 ? 1 : Math.clz32(~(first << 24));
  if (length > 6 || (first >= 0x80 && length === 1)) return undefined;
  let value = length === 1 ? first : first & (0x7f >> length);
  for (let next = at + 1; next < at + length; next += 1) {
    const byte = bytes[next] ?? 0;
    if ((byte & 0xc0) !== 0x80) return undefined;
    value = value * 64 + (byte & 0x3f);
  }
  return { value, end: at + length };
}

function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let at = from; at < to; at += 1) {
    crc ^= bytes[at] ?? 0;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1;
  }
  return crc;
}
