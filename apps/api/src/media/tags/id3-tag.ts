import type { FileTags } from './file-tags.js';

/** Unicode with a byte order mark: what every reader of ID3v2.3 knows */
const UTF_16 = Buffer.from([1, 0xff, 0xfe]);
const FRONT_COVER = 3;

/** An ID3v2.3 tag, the first bytes of an MP3. */
export function id3Tag({ title, artist, album, cover }: FileTags): Buffer {
  const frames = [
    textFrame('TIT2', title),
    textFrame('TPE1', artist),
    textFrame('TALB', album),
    ...(cover === undefined
      ? []
      : [frame('APIC', Buffer.from('\0image/jpeg\0', 'latin1'), Buffer.from([FRONT_COVER, 0]), cover)]),
  ];
  const body = Buffer.concat(frames);
  // seven bits in each byte
  const size = [21, 14, 7, 0].map((shift) => (body.length >> shift) & 0x7f);
  return Buffer.concat([Buffer.from('ID3\x03\0\0', 'latin1'), Buffer.from(size), body]);
}

function textFrame(name: string, text: string | undefined): Buffer {
  return text === undefined ? Buffer.alloc(0) : frame(name, UTF_16, Buffer.from(text, 'utf16le'));
}

function frame(name: string, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const header = Buffer.alloc(10);
  header.write(name, 'latin1');
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}
