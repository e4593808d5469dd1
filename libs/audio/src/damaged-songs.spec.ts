import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { Ffmpeg, WORKING_RATE, type DecodedSong } from './index.js';
import { findFfmpeg, maxDifference, readFloats, SongFolder, storedFile } from './songs.fixture.js';

const LIMITS = { maxDurationSeconds: 60 };
const SECONDS = 6;
/** made once: a sweep, which sounds different at each moment */
const SWEEP = ['-i', 'sweep.wav'];

interface Heard extends DecodedSong {
  readonly floats: Float32Array;
}

describe('Ffmpeg, given a damaged song', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
    const sound = `aevalsrc=0.3*sin(2*PI*(200+60*t)*t)|0.4*sin(2*PI*(300+50*t)*t):s=44100:d=${SECONDS}`;
    await songs.make('sweep.wav', '-f', 'lavfi', '-i', sound);
  });

  afterAll(() => songs.remove());

  async function decode(path: string): Promise<Heard> {
    const wav = songs.at('damaged.out.wav');
    const decoded = await sut.decode(path, wav, LIMITS);
    // the check at the upload measures the same
    await expect(sut.inspect(await storedFile(path), LIMITS)).resolves.toMatchObject({ samples: decoded.samples });
    return { ...decoded, floats: await readFloats(wav) };
  }

  /** the difference of two songs from one time to another, in seconds */
  function differenceBetween(one: Heard, other: Heard, from: number, to: number): number {
    const cut = ({ floats }: Heard): Float32Array =>
      floats.subarray(Math.round(from * WORKING_RATE) * 2, Math.round(to * WORKING_RATE) * 2);
    return maxDifference(cut(one), cut(other));
  }

  it('leaves a whole song alone, and tells of nothing', async () => {
    const { damage, samples } = await decode(await songs.make('whole.flac', ...SWEEP));
    expect(samples).toBe(SECONDS * WORKING_RATE);
    expect(damage).toEqual({ losses: [], faultsAt: [], isAltered: false, lostParts: 0 });
  });

  it('plays no noise where a block of a WavPack file is damaged', async () => {
    const bytes = await readFile(await songs.make('fine.wv', ...SWEEP, '-sample_fmt', 'fltp'));
    const third = Math.floor(bytes.length / 3);
    for (let at = third; at < third + 3000; at += 1) bytes.writeUInt8((at * 97) % 256, at);
    const { damage, floats } = await decode(await songs.write('damaged.wv', bytes));
    expect(damage.faultsAt).not.toEqual([]);
    expect(floats.every((sample) => Math.abs(sample) < 0.5)).toBe(true);
  });

  it('puts silence in place of a damaged frame of a FLAC, and keeps the rest in place', async () => {
    const whole = await songs.make('fine.flac', ...SWEEP);
    const bytes = await readFile(whole);
    const middle = Math.floor(bytes.length / 2);
    for (let at = middle; at < middle + 20; at += 1) bytes.writeUInt8((bytes[at] ?? 0) ^ 0xff, at);
    const broken = await decode(await songs.write('flipped.flac', bytes));
    const fine = await decode(whole);
    expect(broken.samples).toBe(fine.samples);
    expect(broken.damage.isAltered).toBe(true);
    const [loss, ...others] = broken.damage.losses;
    expect(others).toEqual([]);
    expect(loss?.seconds).toBeGreaterThan(0.01);
    expect(loss?.seconds).toBeLessThan(0.2);
    const start = loss?.atSeconds ?? 0;
    const end = start + (loss?.seconds ?? 0);
    expect(differenceBetween(broken, fine, 0, start)).toBe(0);
    expect(differenceBetween(broken, fine, end, SECONDS)).toBe(0);
    const silent = broken.floats.subarray(Math.round(start * WORKING_RATE) * 2, Math.round(end * WORKING_RATE) * 2);
    expect(silent.every((sample) => sample === 0)).toBe(true);
  });

  it('tells of a FLAC whose samples are not those of its digest', async () => {
    const bytes = await readFile(await songs.make('digest.flac', ...SWEEP));
    bytes.writeUInt8((bytes[26] ?? 0) ^ 1, 26);
    const { damage, samples } = await decode(await songs.write('digest.flac', bytes));
    expect(samples).toBe(SECONDS * WORKING_RATE);
    expect(damage).toMatchObject({ isAltered: true, losses: [] });
  });

  // ffmpeg cannot write them: two frames of a constant
  it.each([
    [12, 'ZkxhQ4AAACIQABAAAAAAAAAACsRAsAAAIABC3fduYbsKoXqU/a7tOeaw//jJBABpAM9wErb/+MkEAW4Az3B+zg=='],
    [20, 'ZkxhQ4AAACIQABAAAAAAAAAACsRBMAAAIADOhXHmZs6EjJ8i7t2U4Kz7//jJCgC/AP/PcBz2//jJCgG4AP/PcGWe'],
  ])('checks the digest of a FLAC of %d bits', async (bits, base64) => {
    const bytes = Buffer.from(base64, 'base64');
    const intact = await decode(await songs.write(`${bits}.flac`, bytes));
    expect(intact).toMatchObject({ samples: 8192, damage: { isAltered: false, faultsAt: [] } });
    bytes.writeUInt8((bytes[26] ?? 0) ^ 1, 26);
    const altered = await decode(await songs.write(`${bits}-altered.flac`, bytes));
    expect(altered.damage).toMatchObject({ isAltered: true, losses: [] });
  });

  it.each([8, 16, 24])('takes a FLAC of %d bits for intact', async (bits) => {
    const format = bits === 24 ? ['-sample_fmt', 's32', '-bits_per_raw_sample', '24'] : ['-sample_fmt', 's16'];
    const path = await songs.make(
      `${bits}.flac`,
      ...SWEEP,
      ...format,
      ...(bits === 8 ? ['-bits_per_raw_sample', '8'] : []),
    );
    await expect(decode(path)).resolves.toMatchObject({ damage: { isAltered: false } });
  });

  it('puts silence in place of what zeros overwrote in an MP3 without a header', async () => {
    const whole = await songs.make('whole.mp3', ...SWEEP, '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0');
    const bytes = await readFile(whole);
    const perSecond = 128_000 / 8;
    bytes.fill(0, Math.round(2 * perSecond), Math.round(4 * perSecond));
    const broken = await decode(await songs.write('zeros.mp3', bytes));
    const fine = await decode(whole);
    expect(broken.samples).toBe(fine.samples);
    expect(broken.damage.losses).toHaveLength(1);
    expect(broken.damage.losses[0]?.atSeconds).toBeCloseTo(2, 0);
    expect(broken.damage.losses[0]?.seconds).toBeCloseTo(2, 1);
    expect(differenceBetween(broken, fine, 0, 1.9)).toBe(0);
    expect(differenceBetween(broken, fine, 4.2, SECONDS)).toBeLessThan(1e-6);
  });

  it('puts nothing in place of tags between the frames of an MP3', async () => {
    const bytes = await readFile(await songs.make('tagged.mp3', ...SWEEP, '-b:a', '128k', '-write_xing', '0'));
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x20\0', 'latin1'), Buffer.alloc(0x1000, 0x20)]);
    const start = bytes.indexOf(Buffer.from([0xff, 0xfb]));
    const frame = bytes.subarray(start, start + 4);
    const second = bytes.indexOf(frame.subarray(0, 2), start + 100 * 417);
    const whole = await decode(songs.at('tagged.mp3'));
    const split = await songs.write('split.mp3', bytes.subarray(0, second), tag, bytes.subarray(second));
    const { samples, damage } = await decode(split);
    expect(samples).toBe(whole.samples);
    expect(damage.losses).toEqual([]);
  });

  it.each<[string, Buffer]>([
    ['an APE tag', apeTag()],
    ['zeros', Buffer.alloc(3000)],
    ['junk', Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 251))],
    ['an ID3 tag and zeros', Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\x0a', 'latin1'), Buffer.alloc(500)])],
  ])('reads the padding of an MP3 behind %s', async (_what, junk) => {
    const whole = await songs.make('padding.mp3', ...SWEEP, '-b:a', '128k', '-id3v2_version', '0');
    const fine = await decode(whole);
    const behind = await decode(await songs.write('behind.mp3', junk, await readFile(whole)));
    expect(fine.samples).toBe(SECONDS * WORKING_RATE);
    expect(behind.samples).toBe(fine.samples);
    expect(differenceBetween(behind, fine, 0, SECONDS)).toBe(0);
  });

  it.each([
    ['codec', ['-c:a', 'libopus']],
    ['rate', ['-c:a', 'libvorbis', '-ar', '22050']],
    ['number of channels', ['-c:a', 'libvorbis', '-ac', '1']],
    ['name alone', ['-c:a', 'libvorbis']],
  ])('decodes an Ogg chain whose second link has another %s', async (_what, encoder) => {
    const first = await songs.make('first.ogg', ...SWEEP, '-c:a', 'libvorbis', '-serial_offset', '1');
    const second = await songs.make('second.ogg', ...SWEEP, ...encoder, '-serial_offset', '2');
    const chain = await songs.write('chain.ogg', await readFile(first), await readFile(second));
    const [one, two, both] = [await decode(first), await decode(second), await decode(chain)];
    expect(both.samples).toBe(one.samples + two.samples);
    expect(maxDifference(both.floats.subarray(0, one.floats.length), one.floats)).toBe(0);
    expect(maxDifference(both.floats.subarray(one.floats.length), two.floats)).toBe(0);
    expect(both.damage).toEqual({ losses: [], faultsAt: [], isAltered: false, lostParts: 0 });
  });

  it.each([
    ['Vorbis', 'ogg', ['-c:a', 'libvorbis', '-q:a', '6', '-page_duration', '200000'], 0.1],
    ['Opus', 'ogg', ['-c:a', 'libopus', '-b:a', '128k', '-page_duration', '200000'], 0.1],
    ['AAC', 'm4a', ['-c:a', 'aac', '-b:a', '128k', '-movflags', 'faststart'], 0.1],
    ['AAC', 'mka', ['-c:a', 'aac', '-b:a', '128k'], 0.1],
    ['FLAC', 'mka', ['-c:a', 'flac'], 0.1],
  ])('keeps the rest of a song of %s in a damaged .%s in place', async (_codec, ending, encoder, tolerance) => {
    const whole = await songs.make(`rest.${ending}`, ...SWEEP, ...encoder);
    const bytes = await readFile(whole);
    const middle = Math.floor(bytes.length / 2);
    bytes.fill(0, middle, middle + 8000);
    const broken = await decode(await songs.write(`broken.${ending}`, bytes));
    const fine = await decode(whole);
    expect(broken.damage.faultsAt.length + broken.damage.losses.length).toBeGreaterThan(0);
    expect(Math.abs(broken.samples - fine.samples)).toBeLessThan(100);
    expect(differenceBetween(broken, fine, 5.2, 5.7)).toBeLessThan(tolerance);
  });
});

/** a header, no entries, and a footer */
function apeTag(): Buffer {
  const header = Buffer.alloc(32);
  header.write('APETAGEX', 'latin1');
  header.writeUInt32LE(2000, 8);
  header.writeUInt32LE(32, 12);
  const footer = Buffer.from(header);
  header.writeUInt32LE(0xa000_0000, 20);
  footer.writeUInt32LE(0x8000_0000, 20);
  return Buffer.concat([header, footer]);
}
