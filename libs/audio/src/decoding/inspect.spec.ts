import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, stat, truncate } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DurationLimitError,
  EmptyAudioError,
  Ffmpeg,
  NoAudioError,
  NotFiniteError,
  TooCostlyError,
  WORKING_RATE,
  type AudioFacts,
  type SeekableSource,
} from '../index.js';
import { findFfmpeg, SongFolder, storedFile, tone } from '../songs.fixture.js';
import { floatWav } from '../../../../test/support/songs/wav.js';

const LIMITS = { maxDurationSeconds: 60 };
const TWO_SECONDS = 2 * WORKING_RATE;
/** the most that encoders pad */
const PADDING = 5000;
/** the most that they cut off */
const LOST = 200;

describe('Ffmpeg.inspect', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  const inspect = async (path: string, limits = LIMITS): Promise<AudioFacts> =>
    sut.inspect(await storedFile(path), limits);

  it.each<[string, Partial<AudioFacts>, string[]]>([
    ['a.mp3', { codec: 'mp3', container: 'mp3', extension: 'mp3' }, []],
    ['a.flac', { codec: 'flac', container: 'flac', extension: 'flac', samples: TWO_SECONDS }, []],
    ['a.wav', { codec: 'pcm_s16le', container: 'wav', extension: 'wav', samples: TWO_SECONDS }, []],
    ['8bit.wav', { codec: 'pcm_u8', samples: TWO_SECONDS }, ['-c:a', 'pcm_u8']],
    ['24bit.wav', { codec: 'pcm_s24le', samples: TWO_SECONDS }, ['-c:a', 'pcm_s24le']],
    ['double.wav', { codec: 'pcm_f64le', samples: TWO_SECONDS }, ['-c:a', 'pcm_f64le']],
    ['48k.wav', { sampleRate: 48_000, samples: TWO_SECONDS }, ['-ar', '48000']],
    ['96k.flac', { sampleRate: 96_000, samples: TWO_SECONDS }, ['-ar', '96000']],
    ['192k.wav', { sampleRate: 192_000, samples: TWO_SECONDS }, ['-ar', '192000']],
    ['8k.wav', { sampleRate: 8000, samples: TWO_SECONDS }, ['-ar', '8000']],
    ['mono.wav', { channels: 1, samples: TWO_SECONDS }, ['-ac', '1']],
    ['surround.flac', { channels: 6, samples: TWO_SECONDS }, ['-ac', '6']],
    ['surround.m4a', { channels: 6, codec: 'aac' }, ['-ac', '6', '-c:a', 'aac']],
    ['a.w64', { container: 'w64', extension: 'w64', samples: TWO_SECONDS }, []],
    ['a.aiff', { container: 'aiff', codec: 'pcm_s16be', samples: TWO_SECONDS }, []],
    ['a.aac', { container: 'aac', codec: 'aac', extension: 'aac' }, []],
    ['alac.m4a', { container: 'mov', codec: 'alac', samples: TWO_SECONDS }, ['-c:a', 'alac']],
    ['opus.ogg', { container: 'ogg', codec: 'opus', extension: 'ogg', sampleRate: 48_000 }, ['-c:a', 'libopus']],
    ['vorbis.ogg', { container: 'ogg', codec: 'vorbis' }, ['-c:a', 'libvorbis']],
    ['a.webm', { container: 'matroska', codec: 'opus', extension: 'mka' }, ['-c:a', 'libopus']],
    ['a.mka', { container: 'matroska', codec: 'flac', samples: TWO_SECONDS }, ['-c:a', 'flac']],
    ['a.wma', { container: 'asf', codec: 'wmav2', extension: 'wma' }, []],
  ])('measures %s', async (name, facts, encoder) => {
    const measured = await inspect(await songs.make(name, ...tone(2), ...encoder));
    expect(measured).toMatchObject(facts);
    expect(measured.samples).toBeGreaterThanOrEqual(TWO_SECONDS - LOST);
    expect(measured.samples).toBeLessThan(TWO_SECONDS + PADDING);
    expect(measured.durationSeconds).toBeCloseTo(measured.samples / WORKING_RATE, 9);
  });

  it('seeks in an MP4 whose index comes last, in few reads', async () => {
    const path = await songs.make('behind.m4a', ...tone(58), '-c:a', 'pcm_s16le', '-f', 'mov');
    const source = await storedFile(path);
    await expect(sut.inspect(source, LIMITS)).resolves.toMatchObject({ samples: 58 * WORKING_RATE, container: 'mov' });
    expect(source.ranges.length).toBeLessThan(10);
  });

  it('ignores a cover and a video', async () => {
    const cover = ['-f', 'lavfi', '-i', 'color=s=3000x3000:d=0.04'];
    const covered = ['-map', '0', '-map', '1', '-c:v', 'png', '-disposition:v', 'attached_pic', '-frames:v', '1'];
    await songs.make('cover.mp3', ...tone(2), ...cover, ...covered);
    await songs.make('video.mp4', ...tone(2), '-f', 'lavfi', '-i', 'testsrc=d=2:s=320x240', '-c:a', 'aac');
    await expect(inspect(songs.at('cover.mp3'))).resolves.toMatchObject({ codec: 'mp3' });
    await expect(inspect(songs.at('video.mp4'))).resolves.toMatchObject({ codec: 'aac', extension: 'm4a' });
  });

  it.each([
    ['a tenth of a second', 4410],
    ['one sample', 1],
  ])('accepts %s', async (_what, samples) => {
    const path = await songs.write(`${samples}.wav`, floatWav(new Float32Array(samples * 2).fill(0.1)));
    await expect(inspect(path)).resolves.toMatchObject({ samples });
  });

  it('accepts silence', async () => {
    const path = await songs.make('silence.flac', '-f', 'lavfi', '-i', 'anullsrc=d=2:r=44100');
    await expect(inspect(path)).resolves.toMatchObject({ samples: TWO_SECONDS });
  });

  it('rejects a song without samples', async () => {
    const path = await songs.write('none.wav', floatWav(new Float32Array(0)));
    await expect(inspect(path)).rejects.toThrow(EmptyAudioError);
  });

  it.each([
    ['NaN', Number.NaN],
    ['infinity', -Infinity],
  ])('rejects one %s in the last sample', async (name, value) => {
    const samples = new Float32Array(20_000).fill(0.1);
    samples[19_999] = value;
    const path = await songs.write(`${name}.wav`, floatWav(samples));
    await expect(inspect(path)).rejects.toThrow(NotFiniteError);
  });

  it('rejects a sample that is finite as a double but infinite as a float', async () => {
    const path = await songs.make('loud.wav', ...tone(1), '-af', 'volume=1e60:precision=double', '-c:a', 'pcm_f64le');
    await expect(inspect(path)).rejects.toThrow(NotFiniteError);
  });

  it.each([
    ['much too long', 0xffff_ffff],
    ['too long', WORKING_RATE * 8 * 3600 * 3],
  ])('counts the samples when a header says %s', async (_how, dataBytes) => {
    const song = floatWav(new Float32Array(TWO_SECONDS * 2), 2, WORKING_RATE, dataBytes);
    const path = await songs.write('liar.wav', song);
    await expect(inspect(path)).resolves.toMatchObject({ samples: TWO_SECONDS });
  });

  it('rejects a song over the limit although its MP4 header says otherwise', async () => {
    const path = await songs.make('short.m4a', ...tone(8), '-c:a', 'aac', '-movflags', 'faststart');
    const bytes = await readFile(path);
    for (const name of ['mvhd', 'mdhd']) bytes.writeUInt32BE(1000, bytes.indexOf(name) + 4 + 16);
    await songs.write('short.m4a', bytes);
    await expect(inspect(path, { maxDurationSeconds: 5 })).rejects.toThrow(DurationLimitError);
  });

  it('accepts a song of exactly the limit, and not one sample more', async () => {
    const exact = await songs.write('exact.wav', floatWav(new Float32Array(WORKING_RATE * 2 * 5)));
    const longer = await songs.write('longer.wav', floatWav(new Float32Array(WORKING_RATE * 2 * 5 + 2)));
    const limits = { maxDurationSeconds: 5 };
    await expect(inspect(exact, limits)).resolves.toMatchObject({ durationSeconds: 5 });
    await expect(inspect(longer, limits)).rejects.toThrow(DurationLimitError);
  });

  it('rejects a megabyte of two hours of silence', async () => {
    const silence = ['-f', 'lavfi', '-i', 'anullsrc=d=7200:r=8000:cl=mono'];
    const path = await songs.make('hours.flac', ...silence, '-frame_size', '16384');
    const source = await storedFile(path);
    expect(source.bytes).toBeLessThan(1_000_000);
    await expect(sut.inspect(source, LIMITS)).rejects.toThrow(DurationLimitError);
  });

  it('refuses a song that takes far more work than its size and its length say', async () => {
    const silence = 'anullsrc=d=50:r=384000:cl=stereo';
    const path = await songs.make('dense.flac', '-f', 'lavfi', '-i', silence, '-frame_size', '16384');
    expect((await stat(path)).size).toBeLessThan(30_000);
    await expect(inspect(path)).rejects.toThrow(TooCostlyError);
  });

  it('notices a song that becomes costly behind its first frames', async () => {
    const flac = (name: string, source: string): Promise<Buffer> =>
      songs.make(name, '-f', 'lavfi', '-i', source, '-frame_size', '16384').then((path) => readFile(path));
    const plain = await flac('plain.flac', 'anullsrc=d=4:r=8000:cl=mono');
    const dense = await flac('denser.flac', 'anullsrc=d=50:r=384000:cl=stereo');
    const path = await songs.write('becomes.flac', plain, dense.subarray(dense.indexOf(Buffer.from([0xff, 0xf8]))));
    await expect(inspect(path)).rejects.toThrow(TooCostlyError);
  });

  it('takes the longest song, in stereo at 48 kHz, whatever its size', async () => {
    const silence = 'anullsrc=d=60:r=48000:cl=stereo';
    const path = await songs.make('quiet.flac', '-f', 'lavfi', '-i', silence, '-frame_size', '16384');
    await expect(inspect(path)).resolves.toMatchObject({ durationSeconds: 60 });
  });

  it('measures the rest of a truncated song', async () => {
    const mp3 = await songs.make('cut.mp3', ...tone(20), '-b:a', '128k');
    await truncate(mp3, 160_000);
    const m4a = await songs.make('cut.m4a', ...tone(20), '-c:a', 'aac', '-movflags', 'faststart');
    await truncate(m4a, 160_000);
    for (const path of [mp3, m4a]) {
      const { durationSeconds } = await inspect(path);
      expect(durationSeconds).toBeGreaterThan(5);
      expect(durationSeconds).toBeLessThan(15);
    }
  });

  it('skips garbage in the middle', async () => {
    const bytes = await readFile(await songs.make('whole.mp3', ...tone(20), '-b:a', '128k'));
    const garbage = Buffer.from(Array.from({ length: 40_000 }, (_, index) => (index * 7919) % 251));
    const path = await songs.write('broken.mp3', bytes.subarray(0, 100_000), garbage, bytes.subarray(140_000));
    const { durationSeconds } = await inspect(path);
    expect(durationSeconds).toBeGreaterThan(15);
    expect(durationSeconds).toBeLessThan(21);
  });

  it.each<[string, () => Promise<string>]>([
    ['a text', () => songs.write('text.mp3', 'la la la\n'.repeat(1000))],
    [
      'noise',
      () => songs.write('noise.mp3', Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i * 31) >> 7))),
    ],
    ['zeros', () => songs.write('zeros.mp3', new Uint8Array(300_000))],
    ['one byte', () => songs.write('one.mp3', 'x')],
    ['an image', () => songs.make('image.png', '-f', 'lavfi', '-i', 'color=s=64x64:d=0.04', '-frames:v', '1')],
    ['a video without sound', () => songs.make('mute.mp4', '-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64')],
    ['a silent film', () => songs.make('mute.mkv', '-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64', '-c:v', 'mjpeg')],
    ['an ID3 tag alone', () => songs.write('tag.mp3', 'ID3\x03\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0')],
    [
      'an MP4 without an index',
      () => songs.write('cut.mp4', '\0\0\0\x10ftypM4A \0\0\0\0\0\x01\0\0mdat', 'x'.repeat(5000)),
    ],
  ])('finds no audio in %s', async (_what, make) => {
    await expect(inspect(await make())).rejects.toThrow(NoAudioError);
  });

  it('takes names from ffmpeg, not from text in the song', async () => {
    const lie = 'x\nStream mapping:\n  Stream #0:0 -> #0:0 (evil (native) -> pcm_f32le (native))\nInput #0, evil, from';
    const tags = ['title', 'language', 'comment'].flatMap((tag) => ['-metadata', `${tag}=${lie}`]);
    await songs.make('lie.mka', ...tone(1), '-c:a', 'flac', ...tags, '-metadata:s:a', `language=${lie}`);
    await expect(inspect(songs.at('lie.mka'))).resolves.toMatchObject({ codec: 'flac', container: 'matroska' });
  });

  it('survives megabytes of text in the song', async () => {
    const path = await songs.write('lyrics.txt', ';FFMETADATA1\n', `lyrics=${'la \\\n'.repeat(100_000)}`);
    await songs.make('lyrics.mka', ...tone(1), '-f', 'ffmetadata', '-i', path, '-map_metadata', '1', '-c:a', 'flac');
    await expect(inspect(songs.at('lyrics.mka'))).resolves.toMatchObject({ codec: 'flac', samples: WORKING_RATE });
  });

  it('rejects with the error of a broken source', async () => {
    const stored = await storedFile(await songs.make('late.m4a', ...tone(30), '-c:a', 'aac'));
    const away = new Error('away');
    let reads = 0;
    const read: SeekableSource['read'] = (range) => (reads++ < 3 ? stored.read(range) : Promise.reject(away));
    await expect(sut.inspect({ ...stored, read }, LIMITS)).rejects.toBe(away);
  });

  it('does not mistake a broken source for a short song when the index comes last', async () => {
    const path = await songs.make('breaks.m4a', ...tone(58), '-c:a', 'pcm_s16le', '-f', 'mov');
    const stored = await storedFile(path);
    const away = new Error('store is away');
    let hasIndex = false;
    const read: SeekableSource['read'] = async (range) => {
      const stream = await stored.read(range);
      // ffmpeg reads the audio after the index: let some of it arrive
      if (hasIndex) stream.once('data', () => stream.destroy(away));
      hasIndex ||= range.start > stored.bytes / 2;
      return stream;
    };
    await expect(sut.inspect({ ...stored, read }, LIMITS)).rejects.toBe(away);
    expect(hasIndex).toBe(true);
  });

  it('stops when aborted, and destroys the source', async () => {
    const abort = new AbortController();
    const stored = await storedFile(await songs.make('gone.wav', ...tone(60), '-c:a', 'pcm_s32le'));
    const streams: Readable[] = [];
    const read: SeekableSource['read'] = async (range) => {
      const stream = await stored.read(range);
      streams.push(stream);
      if (range.end === stored.bytes - 1)
        stream.once('data', () => {
          abort.abort(new Error('gone'));
        });
      return stream;
    };
    await expect(sut.inspect({ ...stored, read }, { ...LIMITS, signal: abort.signal })).rejects.toThrow('gone');
    expect(streams.map(({ destroyed }) => destroyed)).not.toContain(false);
  });
});
