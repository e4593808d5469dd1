/** A page of an Ogg file (RFC 3533, 6). */
export interface OggPage {
  readonly bytes: number;
  /** first page of a stream */
  readonly beginsStream: boolean;
  /** its checksum does not match */
  readonly isDamaged: boolean;
}

const HEADER_BYTES = 27;
const CHECKSUM_OFFSET = 22;
const BEGINS_STREAM = 0x02;
/** header, lacing values and body of the longest page */
export const MAX_PAGE_BYTES = HEADER_BYTES + 255 + 255 * 255;

/** @returns undefined if no page starts here, or the view ends before it does */
export function parseOggPage(view: Buffer): OggPage | undefined {
  if (view.length < HEADER_BYTES || view.toString('latin1', 0, 4) !== 'OggS') return undefined;
  const segments = view[26] ?? 0;
  const lacing = view.subarray(HEADER_BYTES, HEADER_BYTES + segments);
  const bytes = HEADER_BYTES + segments + lacing.reduce((sum, value) => sum + value, 0);
  if (bytes > view.length) return undefined;
  const isDamaged = checksum(view.subarray(0, bytes)) !== view.readUInt32LE(CHECKSUM_OFFSET);
  return { bytes, beginsStream: ((view[5] ?? 0) & BEGINS_STREAM) !== 0, isDamaged };
}

/** CRC-32 with the polynomial 0x04c11db7, not reflected, its own field taken as zeros */
function checksum(page: Buffer): number {
  let crc = 0;
  for (let at = 0; at < page.length; at += 1) {
    const byte = at >= CHECKSUM_OFFSET && at < CHECKSUM_OFFSET + 4 ? 0 : (page[at] ?? 0);
    crc = (crc << 8) ^ (TABLE[(crc >>> 24) ^ byte] ?? 0);
  }
  return crc >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc;
});
