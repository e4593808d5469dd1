// the records of a ZIP file (APPNOTE.TXT 6.3.10, section 4.3) for entries that are stored without compression.

export interface ZipFileRecord {
  readonly name: string;
  readonly bytes: number;
  readonly date: Date;
}

/** where its local header starts, and the checksum of its data */
export interface ZipPlace {
  readonly offset: number;
  readonly crc32: number;
}

/** in a field of 32 bits: the true value is in the ZIP64 field */
const IN_ZIP64 = 0xffff_ffff;
const COUNT_IN_ZIP64 = 0xffff;

/** checksum and sizes follow the data; names are in UTF-8 */
const FLAGS = 0x0008 | 0x0800;
const STORED = 0;
const VERSION = 20;
const VERSION_WITH_ZIP64 = 45;
const UNIX = 3 << 8;
/** a regular file that everyone may read */
const UNIX_MODE = 0o100644;

/** A field of 2, 4 or 8 bytes, little endian. */
type Field = readonly [bytes: 2 | 4 | 8, value: number];

export function localHeader({ name, bytes, date }: ZipFileRecord): Buffer {
  const isLarge = bytes >= IN_ZIP64;
  const size = isLarge ? IN_ZIP64 : 0;
  const extra = isLarge ? zip64Field([0, 0]) : Buffer.alloc(0);
  const text = Buffer.from(name);
  const head = fields(
    [4, 0x0403_4b50],
    [2, isLarge ? VERSION_WITH_ZIP64 : VERSION],
    ...common(date),
    [4, 0],
    [4, size],
    [4, size],
    [2, text.length],
    [2, extra.length],
  );
  return Buffer.concat([head, text, extra]);
}

/** Follows the data of an entry: a reader then knows the checksum without having been told before. */
export function dataDescriptor({ bytes }: ZipFileRecord, crc32: number): Buffer {
  const width = bytes >= IN_ZIP64 ? 8 : 4;
  return fields([4, 0x0807_4b50], [4, crc32], [width, bytes], [width, bytes]);
}

/** An entry of the directory at the end of the file. */
export function directoryEntry({ name, bytes, date }: ZipFileRecord, { offset, crc32 }: ZipPlace): Buffer {
  const large = [bytes, bytes, offset].filter((value) => value >= IN_ZIP64);
  const extra = large.length === 0 ? Buffer.alloc(0) : zip64Field(large);
  const version = large.length === 0 ? VERSION : VERSION_WITH_ZIP64;
  const text = Buffer.from(name);
  const head = fields(
    [4, 0x0201_4b50],
    [2, UNIX | version],
    [2, version],
    ...common(date),
    [4, crc32],
    [4, Math.min(bytes, IN_ZIP64)],
    [4, Math.min(bytes, IN_ZIP64)],
    [2, text.length],
    [2, extra.length],
    // comment, disk and internal attributes
    [2, 0],
    [2, 0],
    [2, 0],
    [4, UNIX_MODE * 0x1_0000],
    [4, Math.min(offset, IN_ZIP64)],
  );
  return Buffer.concat([head, text, extra]);
}

/** The last records: where the directory is, how long, and of how many entries. */
export function endOfDirectory(count: number, bytes: number, offset: number): Buffer {
  const isLarge = count >= COUNT_IN_ZIP64 || bytes >= IN_ZIP64 || offset >= IN_ZIP64;
  const short = Math.min(count, COUNT_IN_ZIP64);
  const end = fields(
    [4, 0x0605_4b50],
    [2, 0],
    [2, 0],
    [2, short],
    [2, short],
    [4, Math.min(bytes, IN_ZIP64)],
    [4, Math.min(offset, IN_ZIP64)],
    [2, 0],
  );
  if (!isLarge) return end;
  const version = VERSION_WITH_ZIP64;
  const record = fields(
    [4, 0x0606_4b50],
    // of the rest of this record
    [8, 44],
    [2, UNIX | version],
    [2, version],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, bytes],
    [8, offset],
  );
  const locator = fields([4, 0x0706_4b50], [4, 0], [8, offset + bytes], [4, 1]);
  return Buffer.concat([record, locator, end]);
}

/** flags, method, and the time in UTC */
function common(date: Date): Field[] {
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return [
    [2, FLAGS],
    [2, STORED],
    [2, time],
    [2, day],
  ];
}

function zip64Field(values: readonly number[]): Buffer {
  return fields([2, 0x0001], [2, 8 * values.length], ...values.map((value): Field => [8, value]));
}

function fields(...list: readonly Field[]): Buffer {
  const buffer = Buffer.alloc(list.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of list) {
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value), at);
    else buffer.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return buffer;
}
