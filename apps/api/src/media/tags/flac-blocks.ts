import type { FileTags } from './file-tags.js';

const MARKER = 'fLaC';
const HEADER_BYTES = 4;
const COMMENT = 4;
const PICTURE = 6;
const FRONT_COVER = 3;

/** The start of a FLAC up to its first frame (RFC 9639, section 8). */
export interface FlacStart {
  /** marker and first block */
  readonly streamInfo: Buffer;
  /** of all blocks, with the marker */
  readonly bytes: number;
}

/** @throws RangeError if the blocks are not all there */
export function readFlacStart(start: Buffer): FlacStart {
  if (start.toString('latin1', 0, MARKER.length) !== MARKER) throw new RangeError('a master is no FLAC');
  let at = MARKER.length;
  let first = 0;
  for (;;) {
    if (at + HEADER_BYTES > start.length) throw new RangeError('the blocks of a master are longer than expected');
    const isLast = start.readUInt8(at) >= 0x80;
    at += HEADER_BYTES + start.readUIntBE(at + 1, 3);
    if (first === 0) first = at;
    if (isLast) return { streamInfo: start.subarray(0, first), bytes: at };
  }
}

/** The same start with tags, in place of what else stood there. */
export function taggedFlacStart({ streamInfo }: FlacStart, { title, artist, album, cover }: FileTags): Buffer {
  const fields = Object.entries({ TITLE: title, ARTIST: artist, ALBUM: album });
  const comments = fields.flatMap(([name, value]) => (value === undefined ? [] : [sized32LE(`${name}=${value}`)]));
  const comment = Buffer.concat([sized32LE(''), uint32LE(comments.length), ...comments]);
  const blocks = [block(COMMENT, comment, cover === undefined)];
  if (cover !== undefined) blocks.push(block(PICTURE, pictureOf(cover), true));
  const first = Buffer.from(streamInfo);
  // more blocks follow
  first.writeUInt8(0, MARKER.length);
  return Buffer.concat([first, ...blocks]);
}

function block(type: number, content: Buffer, isLast: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(type + (isLast ? 0x80 : 0), 0);
  header.writeUIntBE(content.length, 1, 3);
  return Buffer.concat([header, content]);
}

/** zeros where readers find out themselves: description, width, height, depth and colors */
function pictureOf(cover: Buffer): Buffer {
  const mediaType = 'image/jpeg';
  const numbers = [FRONT_COVER, mediaType.length].map(uint32BE);
  const unknown = Buffer.alloc(5 * 4);
  return Buffer.concat([...numbers, Buffer.from(mediaType, 'latin1'), unknown, uint32BE(cover.length), cover]);
}

function sized32LE(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint32LE(bytes.length), bytes]);
}

function uint32LE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint32BE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
