import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AudioError, Ffmpeg } from './index.js';
import { findFfmpeg, SongFolder, storedFile, tone } from './songs.fixture.js';

const FILM = ['-f', 'lavfi', '-i', 'testsrc=size=64x64:duration=0.2', '-frames:v', '2'];
const ACCEPTED =
  'Accepted are WAV, W64, AIFF, MP3, AAC, FLAC, Ogg, M4A, Matroska, WMA, CAF, AU, AC-3, E-AC-3, DTS, WavPack and TTA.';

describe('Ffmpeg, given files that it refuses', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  async function refusalOf(path: string): Promise<{ code: string; message: string }> {
    const refused: unknown = await sut
      .inspect(await storedFile(path), { maxDurationSeconds: 60 })
      .catch((e: unknown) => e);
    if (!(refused instanceof AudioError)) throw new TypeError('the file was not refused', { cause: refused });
    const { code, message } = refused;
    return { code, message };
  }

  it.each([
    ['avi', 'an AVI film', []],
    ['flv', 'a Flash film (FLV)', ['-c:a', 'pcm_s16le']],
    ['mpg', 'an MPEG film', ['-c:a', 'mp2']],
    ['ts', 'an MPEG transport stream', ['-c:a', 'mp2']],
    ['m2ts', 'an MPEG transport stream', ['-c:a', 'ac3']],
  ])('names audio that it does not take: .%s is %s', async (ending, kind, args) => {
    const path = await songs.make(`song.${ending}`, ...tone(0.5), ...args);
    const message = `The file is ${kind}. ${ACCEPTED}`;
    await expect(refusalOf(path)).resolves.toEqual({ code: 'unsupported_audio', message });
  });

  it('names an MP3 of a free bit rate', async () => {
    // MPEG 1, layer 3, bit rate 0, 44.1 kHz; 500 kbit/s is 1,632 bytes
    const frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x00, 0x00]), Buffer.alloc(1628)]);
    const path = await songs.write('free.mp3', ...Array.from({ length: 20 }, () => frame));
    const message = `The file is an MP3 file of a free bit rate. ${ACCEPTED}`;
    await expect(refusalOf(path)).resolves.toEqual({ code: 'unsupported_audio', message });
  });

  it.each([
    ['png', 'a PNG image'],
    ['gif', 'a GIF image'],
  ])('names a file without audio: .%s is %s', async (ending, kind) => {
    const path = await songs.make(`image.${ending}`, ...FILM, '-update', '1');
    await expect(refusalOf(path)).resolves.toEqual({ code: 'no_audio', message: `The file is ${kind}. ${ACCEPTED}` });
  });

  it.each([
    ['a PDF document', '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n'],
    ['a ZIP archive', 'PK\x03\x04\x14\0\0\0'],
    ['a web page', '<!DOCTYPE html><title>Not found</title>'],
    ['a playlist, which names songs and holds none', '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'],
    ['a MIDI file, which holds notes and no sound', 'MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0'],
  ])('names %s', async (kind, content) => {
    const path = await songs.write('content', Buffer.from(content, 'latin1'), Buffer.alloc(2000));
    await expect(refusalOf(path)).resolves.toEqual({ code: 'no_audio', message: `The file is ${kind}. ${ACCEPTED}` });
  });

  it.each([
    ['mp4', 'an MP4 file'],
    ['mov', 'a QuickTime file'],
    ['mkv', 'a Matroska file'],
  ])('names a film without sound: .%s is %s', async (ending, kind) => {
    const path = await songs.make(`film.${ending}`, ...FILM, '-c:v', 'mpeg4');
    const message = `The file is ${kind} without audio that can be decoded.`;
    await expect(refusalOf(path)).resolves.toEqual({ code: 'no_audio', message });
  });

  it('does not guess at what has no signature', async () => {
    const path = await songs.write('words.txt', 'just words\n'.repeat(50));
    const message = 'The file has no audio that can be decoded.';
    await expect(refusalOf(path)).resolves.toEqual({ code: 'no_audio', message });
  });
});
