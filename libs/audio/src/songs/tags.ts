/** the most bytes that `tagBytes` looks at */
export const TAG_HEADER_BYTES = 32;

/** Length of the tag that starts here: ID3, APE or Lyrics3. 0 if there is none. */
export function tagBytes(bytes: Buffer): number {
  if (bytes.length < 10) return 0;
  const isId3 = bytes.toString('latin1', 0, 3) === 'ID3' && bytes.subarray(6, 10).every((byte) => byte < 0x80);
  if (isId3) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10);
    const hasFooter = ((bytes[5] ?? 0) & 0x10) !== 0;
    return 10 + a * 2 ** 21 + b * 2 ** 14 + c * 2 ** 7 + d + (hasFooter ? 10 : 0);
  }
  if (bytes.toString('latin1', 0, 3) === 'TAG') return 128;
  if (bytes.toString('latin1', 0, 8) === 'APETAGEX' && bytes.length >= 32) {
    // the length leaves out a header, and counts a footer
    const isHeader = (bytes.readUInt32LE(20) & 0x2000_0000) !== 0;
    return isHeader ? 32 + bytes.readUInt32LE(12) : 32;
  }
  return 0;
}
