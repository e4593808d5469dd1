import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, stat, truncate } from 'node:fs/promises';
import { DurationLimitError, EmptyAudioError, Ffmpeg, NoAudioError, WORKING_RATE } from '../index.js';
import { findFfmpeg, readFloats, SongFolder, tone } from '../songs.fixture.js';
import { floatWav } from '../../../../test/support/songs/wav.js';
import { parseWavHeader } from '../wav/wav-header.js';

const LIMITS = { maxDurationSeconds: 60 };

describe('Ffmpeg.decode', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  /** the peak of each channel of a WAV in the working format */
  async function peaks(path: string): Promise<{ left: number; right: number; samples: number }> {
    const header = parseWavHeader(await readFile(path));
    expect(header).toMatchObject({ encoding: 'float', bitsPerSample: 32, channels: 2, sampleRate: WORKING_RATE });
    const floats = await readFloats(path);
    const peak = (channel: number): number =>
      floats.reduce((most, sample, at) => (at % 2 === channel ? Math.max(most, Math.abs(sample)) : most), 0);
    return { left: peak(0), right: peak(1), samples: floats.length / 2 };
  }

  it.each<[string, number, string[]]>([
    ['a.wav', 2 * WORKING_RATE, []],
    ['a.flac', 2 * WORKING_RATE, []],
    ['a.mp3', 2 * WORKING_RATE, ['-b:a', '320k']],
    ['alac.m4a', 2 * WORKING_RATE, ['-c:a', 'alac']],
    ['vorbis.ogg', 2 * WORKING_RATE, ['-c:a', 'libvorbis', '-q:a', '8']],
    ['opus.ogg', 2 * WORKING_RATE, ['-c:a', 'libopus', '-b:a', '256k']],
    ['8bit.wav', 2 * WORKING_RATE, ['-c:a', 'pcm_u8']],
    ['48k.flac', 2 * WORKING_RATE, ['-ar', '48000']],
    ['96k.flac', 2 * WORKING_RATE, ['-ar', '96000']],
    ['192k.wav', 2 * WORKING_RATE, ['-ar', '192000']],
    ['22k.wav', 2 * WORKING_RATE, ['-ar', '22050']],
  ])('keeps the length and the level of %s', async (name, samples, encoder) => {
    const wav = songs.at(`${name}.out.wav`);
    const decoded = await sut.decode(await songs.make(name, ...tone(2), ...encoder), wav, LIMITS);
    expect(Math.abs(decoded.samples - samples)).toBeLessThanOrEqual(1);
    const heard = await peaks(wav);
    expect(heard.samples).toBe(decoded.samples);
    expect(heard.left).toBeGreaterThan(0.27);
    expect(heard.left).toBeLessThan(0.34);
    expect(heard.right).toBeGreaterThan(0.37);
    expect(heard.right).toBeLessThan(0.45);
  });

  it('keeps float samples bit for bit', async () => {
    const samples = Float32Array.from({ length: 2 * 5000 }, (_, index) => Math.sin(index) * 1.5);
    const wav = songs.at('same.out.wav');
    await sut.decode(await songs.write('same.wav', floatWav(samples)), wav, LIMITS);
    expect(await readFloats(wav)).toEqual(samples);
  });

  it('keeps the level of a mono song on both sides', async () => {
    const samples = new Float32Array(WORKING_RATE).fill(0.5);
    const wav = songs.at('mono.out.wav');
    const decoded = await sut.decode(await songs.write('mono.wav', floatWav(samples, 1)), wav, LIMITS);
    expect(decoded).toEqual({
      samples: WORKING_RATE,
      codec: 'pcm_f32le',
      sampleRate: WORKING_RATE,
      channels: 1,
      declaredSeconds: 1,
      tracks: [1],
      startSeconds: 0,
      damage: { losses: [], faultsAt: [], isAltered: false, lostParts: 0 },
    });
    const { left, right } = await peaks(wav);
    expect(left).toBeCloseTo(0.5, 6);
    expect(right).toBeCloseTo(0.5, 6);
  });

  it('mixes six channels without clipping, with the center on both sides', async () => {
    const all = ['-f', 'lavfi', '-i', 'aevalsrc=1|1|1|1|1|1:c=5.1:d=1:s=44100', '-c:a', 'pcm_f32le'];
    const middle = ['-f', 'lavfi', '-i', 'aevalsrc=0|0|1|0|0|0:c=5.1:d=1:s=44100', '-c:a', 'pcm_f32le'];
    await sut.decode(await songs.make('all.wav', ...all), songs.at('all.out.wav'), LIMITS);
    await sut.decode(await songs.make('middle.wav', ...middle), songs.at('middle.out.wav'), LIMITS);
    expect((await peaks(songs.at('all.out.wav'))).left).toBeCloseTo(1, 5);
    const voice = await peaks(songs.at('middle.out.wav'));
    expect(voice.left).toBeGreaterThan(0.2);
    expect(voice.left).toBe(voice.right);
  });

  it('decodes the rest of a truncated song', async () => {
    const path = await songs.make('cut.mp3', ...tone(20), '-b:a', '128k');
    await truncate(path, 160_000);
    const { samples, codec } = await sut.decode(path, songs.at('cut.out.wav'), LIMITS);
    expect(codec).toBe('mp3');
    expect(samples / WORKING_RATE).toBeGreaterThan(9);
    expect(samples / WORKING_RATE).toBeLessThan(11);
  });

  it.each([
    ['mp3', ['-b:a', '128k']],
    ['flac', []],
    ['m4a', ['-c:a', 'aac', '-movflags', 'faststart']],
    ['mka', ['-c:a', 'libopus']],
  ])('reports the declared length of a truncated song: %s', async (extension, encoder) => {
    const path = await songs.make(`third.${extension}`, ...tone(30), ...encoder);
    await truncate(path, Math.round((await stat(path)).size / 3));
    const { samples, declaredSeconds } = await sut.decode(path, songs.at('third.out.wav'), LIMITS);
    expect(declaredSeconds).toBeCloseTo(30, 0);
    expect(samples / WORKING_RATE).toBeGreaterThan(8);
    expect(samples / WORKING_RATE).toBeLessThan(12);
  });

  it('reports neither an estimated length nor the length of a film', async () => {
    const film = ['-f', 'lavfi', '-i', 'testsrc=d=9:s=64x64:r=5'];
    const cover = ['-f', 'lavfi', '-i', 'color=s=64x64:d=0.04', '-map', '0', '-map', '1', '-c:v', 'png'];
    const declared = async (path: string): Promise<number | undefined> =>
      (await sut.decode(path, songs.at('said.out.wav'), LIMITS)).declaredSeconds;
    expect(await declared(await songs.make('bare.mp3', ...tone(3), '-write_xing', '0'))).toBeUndefined();
    expect(await declared(await songs.make('film.mp4', ...tone(3), ...film, '-c:a', 'aac'))).toBeUndefined();
    const covered = await songs.make('cover.m4a', ...tone(3), ...cover, '-disposition:v', 'attached_pic');
    expect(await declared(covered)).toBeCloseTo(3, 1);
  });

  it('is deterministic', async () => {
    const path = await songs.make('twice.mp3', ...tone(3));
    await sut.decode(path, songs.at('one.wav'), LIMITS);
    await sut.decode(path, songs.at('two.wav'), LIMITS);
    expect((await readFile(songs.at('one.wav'))).equals(await readFile(songs.at('two.wav')))).toBe(true);
  });

  it('rejects a song over the limit after decoding at most one more second', async () => {
    const path = await songs.make('long.flac', ...tone(30));
    const wav = songs.at('long.out.wav');
    await expect(sut.decode(path, wav, { maxDurationSeconds: 2 })).rejects.toThrow(DurationLimitError);
    expect((await peaks(wav)).samples).toBe(3 * WORKING_RATE);
  });

  it('rejects a file without audio, and audio without samples', async () => {
    const text = await songs.write('text.mp3', 'la la la');
    const none = await songs.write('none.wav', floatWav(new Float32Array(0)));
    await expect(sut.decode(text, songs.at('x.wav'), LIMITS)).rejects.toThrow(NoAudioError);
    await expect(sut.decode(none, songs.at('x.wav'), LIMITS)).rejects.toThrow(EmptyAudioError);
  });

  it('does not blame the song when the disk is full', async () => {
    const path = await songs.make('fine.wav', ...tone(1));
    await expect(sut.decode(path, '/dev/full', LIMITS)).rejects.toThrow('ENOSPC');
  });

  it('stops when aborted', async () => {
    const path = await songs.make('abort.wav', ...tone(30));
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(sut.decode(path, songs.at('a.out.wav'), { ...LIMITS, signal })).rejects.toThrow('cancelled');
  });
});
