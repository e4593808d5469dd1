import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { Ffmpeg, WORKING_RATE } from './index.js';
import { findFfmpeg, SongFolder, storedFile, tone } from './songs.fixture.js';
import { wav } from '../../../test/support/songs/wav.js';

const LIMITS = { maxDurationSeconds: 60 };
const HEADER_BYTES = 44;

/** songs that ffmpeg reads differently from a pipe and from a file */
describe('the check at the upload and the decode of the worker', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  /** length, or the code of the refusal */
  async function both(path: string): Promise<{ checked: unknown; decoded: unknown }> {
    const outcome = async (call: Promise<{ samples: number }>): Promise<unknown> => {
      try {
        return (await call).samples;
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    };
    return {
      checked: await outcome(sut.inspect(await storedFile(path), LIMITS)),
      decoded: await outcome(sut.decode(path, songs.at('both.wav'), LIMITS)),
    };
  }

  it('agree on an MP3 that has one frame besides the tag of its padding', async () => {
    const bytes = await readFile(await songs.make('short.mp3', ...tone(0.02), '-id3v2_version', '0'));
    const { checked, decoded } = await both(await songs.write('one.mp3', bytes));
    expect(checked).toBe(decoded);
    const cut = await both(await songs.write('cut.mp3', bytes.subarray(0, 900)));
    expect(cut.checked).toBe(cut.decoded);
  });

  it('take a FLAC with junk before its marker, and before its first frame', async () => {
    const bytes = await readFile(await songs.make('junk.flac', ...tone(1)));
    const junk = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 31) % 251));
    const before = await both(await songs.write('before.flac', junk, bytes));
    expect(before).toEqual({ checked: WORKING_RATE, decoded: WORKING_RATE });
    const frames = endOfFlacHeaders(bytes);
    const inside = await songs.write('inside.flac', bytes.subarray(0, frames), junk, bytes.subarray(frames));
    expect(await both(inside)).toEqual({ checked: WORKING_RATE, decoded: WORKING_RATE });
  });

  it('take an AIFF whose samples come before its header', async () => {
    const bytes = await readFile(await songs.make('order.aiff', ...tone(1)));
    const common = bytes.subarray(bytes.indexOf('COMM'), bytes.indexOf('COMM') + 26);
    const sound = bytes.subarray(bytes.indexOf('SSND'));
    const path = await songs.write('swapped.aiff', bytes.subarray(0, 12), sound, common);
    expect(await both(path)).toEqual({ checked: WORKING_RATE, decoded: WORKING_RATE });
  });

  it('take a WAV whose samples come before its header, and one that was never finished', async () => {
    const bytes = wav({ seconds: 1 });
    const parts = [bytes.subarray(0, 12), bytes.subarray(36), bytes.subarray(12, 36)];
    expect(await both(await songs.write('swapped.wav', ...parts))).toEqual({
      checked: WORKING_RATE,
      decoded: WORKING_RATE,
    });
    const unfinished = Buffer.from(bytes);
    unfinished.writeUInt32LE(0, 4);
    unfinished.writeUInt32LE(0, HEADER_BYTES - 4);
    expect(await both(await songs.write('unfinished.wav', unfinished))).toEqual({
      checked: WORKING_RATE,
      decoded: WORKING_RATE,
    });
  });

  it.each([
    ['an MP4 whose index comes last', 'last.m4a', ['-c:a', 'aac']],
    ['an MP4 whose index comes first', 'first.m4a', ['-c:a', 'aac', '-movflags', 'faststart']],
    ['an MP3 with tags at both ends', 'tags.mp3', ['-write_id3v1', '1', '-metadata', 'title=x']],
    ['an AAC without a container', 'bare.aac', []],
    ['a WMA', 'song.wma', []],
    ['an Opus', 'song.opus', []],
  ])('measure the same length of %s', async (_what, name, encoder) => {
    const { checked, decoded } = await both(await songs.make(name, ...tone(2), ...encoder));
    expect(checked).toBe(decoded);
    expect(checked).toBeGreaterThanOrEqual(2 * WORKING_RATE - 200);
  });

  it.each([
    ['plain header', 4, [1, 2, 44_100, 352_800, 8, 24]],
    ['width that nothing has', 6, [1, 2, 44_100, 529_200, 12, 48]],
    ['rate of 0', 4, [1, 2, 0, 0, 4, 16]],
  ] as const)('refuse a WAV whose header does not describe its samples: %s', async (_what, width, fields) => {
    const [tag, channels, rate, byteRate, block, bits] = fields;
    const header = Buffer.from(wav({ seconds: 0 }));
    header.writeUInt16LE(tag, 20);
    header.writeUInt16LE(channels, 22);
    header.writeUInt32LE(rate, 24);
    header.writeUInt32LE(byteRate, 28);
    header.writeUInt16LE(block, 32);
    header.writeUInt16LE(bits, 34);
    header.writeUInt32LE(2 * width * 1000, 40);
    const path = await songs.write('wrong.wav', header, Buffer.alloc(2 * width * 1000, 0x35));
    expect(await both(path)).toEqual({ checked: 'unsupported_audio', decoded: 'unsupported_audio' });
  });
});

function endOfFlacHeaders(bytes: Buffer): number {
  for (let at = 4; ;) {
    const isLast = ((bytes[at] ?? 0x80) & 0x80) !== 0;
    at += 4 + bytes.readUIntBE(at + 1, 3);
    if (isLast) return at;
  }
}
