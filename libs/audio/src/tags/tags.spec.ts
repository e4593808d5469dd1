import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deflateSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { Ffmpeg } from '../index.js';
import { findFfmpeg, SongFolder, tone } from '../songs.fixture.js';
import { parseMetadata } from './parse-metadata.js';

const TITLE = 'A=b;c#d\\\ntwo';
const TAGS = [`title=${TITLE}`, 'artist=Ärtist', 'album=Æther'].flatMap((tag) => ['-metadata', tag]);
const IMAGE = ['-f', 'lavfi', '-i', 'testsrc=s=900x450:d=1'];
const COVER = ['-map', '0', '-map', '1', '-frames:v', '1', '-disposition:v', 'attached_pic'];

/** A PNG that claims many pixels and has none. */
function hugePng(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const data = deflateSync(Buffer.alloc(1000));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** An ID3 tag with one frame. */
function id3(name: string, content: Buffer): Buffer {
  const frame = Buffer.alloc(10);
  frame.write(name, 'latin1');
  frame.writeUInt32BE(content.length, 4);
  const size = content.length + 10;
  const header = Buffer.from([
    0x49,
    0x44,
    0x33,
    3,
    0,
    0,
    size >> 21,
    (size >> 14) & 127,
    (size >> 7) & 127,
    size & 127,
  ]);
  return Buffer.concat([header, frame, content]);
}

describe('the tags of a song', () => {
  let folder: SongFolder;
  let sut: Ffmpeg;
  let bare: Buffer;

  beforeAll(async () => {
    folder = await SongFolder.create();
    sut = new Ffmpeg(await findFfmpeg());
    bare = await readFile(await folder.make('bare.mp3', ...tone(1), '-write_id3v2', '0'));
  });

  afterAll(() => folder.remove());

  it.each([
    ['mp3', ['-c:v', 'png']],
    ['flac', ['-c:v', 'png']],
    ['m4a', ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p']],
  ])('and its cover are read from %s', async (ending, image) => {
    const song = await folder.make(`song.${ending}`, ...tone(1), ...IMAGE, ...COVER, ...TAGS, ...image);
    const { tags, coverStream } = await sut.readTags(song);
    expect(tags).toEqual({ title: 'A=b;c#d\\ two', artist: 'Ärtist', album: 'Æther' });
    const cover = folder.at(`${ending}.jpg`);
    await sut.writeCover({ path: song, stream: coverStream ?? -1 }, cover);
    const bytes = await readFile(cover);
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    expect([bytes.readUInt16BE(0), bytes.readUInt16BE(frame + 7), bytes.readUInt16BE(frame + 5)]).toEqual([
      0xffd8, 600, 300,
    ]);
    expect(bytes.length).toBeLessThan(100_000);
  });

  it.each([
    ['ogg', ['-c:a', 'libvorbis']],
    ['opus', ['-c:a', 'libopus']],
    ['mka', ['-c:a', 'flac']],
  ])('are read from %s, which has no cover', async (ending, codec) => {
    const song = await folder.make(`tags.${ending}`, ...tone(1), ...TAGS, ...codec);
    const { tags, coverStream } = await sut.readTags(song);
    expect([tags.artist, tags.album, coverStream]).toEqual(['Ärtist', 'Æther', undefined]);
  });

  it('are absent where a song has none', async () => {
    expect(await sut.readTags(await folder.write('none.mp3', bare))).toEqual({ tags: {}, coverStream: undefined });
  });

  it('are cut, and cleaned of what may not be shown', async () => {
    const text = `\u0000${'x'.repeat(3_000_000)}`;
    const long = await folder.write('long.mp3', id3('TIT2', Buffer.from(text, 'latin1')), bare);
    expect((await sut.readTags(long)).tags).toEqual({ title: 'x'.repeat(200) });
    const rude = Buffer.concat([Buffer.from([3]), Buffer.from('a\u202eb\u0007c  d')]);
    const controls = await folder.write('controls.mp3', id3('TPE1', rude), bare);
    expect((await sut.readTags(controls)).tags).toEqual({ artist: 'abc d' });
  });

  it('have no film as their cover, and no image that is too large', async () => {
    const film = await folder.make('film.mkv', ...tone(1), ...IMAGE, '-map', '0', '-map', '1', '-c:v', 'mjpeg');
    expect((await sut.readTags(film)).coverStream).toBeUndefined();
    const picture = Buffer.concat([Buffer.from('\u0000image/png\u0000\u0003\u0000', 'latin1'), hugePng(20_000)]);
    const bomb = await folder.write('bomb.mp3', id3('APIC', picture), bare);
    const { coverStream } = await sut.readTags(bomb);
    expect(coverStream).toBeDefined();
    const written = sut.writeCover({ path: bomb, stream: coverStream ?? -1 }, folder.at('bomb.jpg'));
    await expect(written).rejects.toThrow();
    await expect(readFile(folder.at('bomb.jpg'))).rejects.toThrow('ENOENT');
  });
});

describe(parseMetadata.name, () => {
  it('takes the first of a name, in any case', () => {
    expect(
      Object.fromEntries(parseMetadata(';FFMETADATA1\nTITLE=a\n[STREAM]\ntitle=b\nempty=\n=x\nno value\n')),
    ).toEqual({
      title: 'a',
      empty: '',
    });
  });
});
