import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { PartHeaderFilter } from './part-header-filter.js';
import { readUploadForm } from './upload-form.js';
import { MalformedFormError } from './upload.errors.js';
import { patient } from '../../../../test/support/patience.js';

const BOUNDARY = 'a boundary?';
const START = `--${BOUNDARY}\r\n`;
const END = `\r\n--${BOUNDARY}--\r\n`;

function chunks(bytes: Buffer, size: () => number): Readable {
  const list: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = size();
    list.push(bytes.subarray(at, at + length));
    at += length;
  }
  return Readable.from(list);
}

function filter(body: Buffer | string, chunkBytes = 70): Promise<Buffer> {
  return buffer(chunks(Buffer.from(body), () => chunkBytes).pipe(new PartHeaderFilter(BOUNDARY)));
}

/** what the filter makes of a part with this disposition */
async function header(disposition: string | Buffer, chunkBytes?: number): Promise<string> {
  const start = Buffer.from(`${START}Content-Disposition: form-data; `);
  const end = Buffer.from(`\r\n\r\nbody${END}`);
  const filtered = (await filter(Buffer.concat([start, Buffer.from(disposition), end]), chunkBytes)).toString();
  expect(filtered.startsWith(start.toString())).toBe(true);
  expect(filtered.endsWith(end.toString())).toBe(true);
  return filtered.slice(start.length, -end.length);
}

describe(PartHeaderFilter.name, () => {
  it.each([1, 7, 100_000])('replaces control characters in headers, in chunks of %d', async (chunkBytes) => {
    expect(await header('filename="a\0b\rc\n.mp3"', chunkBytes)).toBe('filename="a_b_c_.mp3"');
  });

  it.each<[what: string, sent: string | Buffer, passed: string]>([
    ['quotes', 'name="file"; filename="a; filename=b.mp3"', 'name="file"; filename="a; filename=b.mp3"'],
    ['an escaped quote', 'filename="say \\"hi\\".mp3"; name=file', 'filename="say \\"hi\\".mp3"; name="file"'],
    ['no quotes', 'name=file;FileName=my song.mp3', 'name="file"; FileName="my song.mp3"'],
    ['no quotes, in a folder', 'name=file; filename=C:\\my song.mp3', 'name="file"; filename="C:\\\\my song.mp3"'],
    ['blanks around the sign', 'name = "file" ; filename = "a.mp3"', 'name="file" ; filename="a.mp3"'],
    ['nothing', 'name=file; filename=', 'name="file"; filename=""'],
    [
      'another character set',
      "name=file; filename*=UTF-8''na%C3%AFve.mp3",
      `name="file"; filename*=UTF-8''na%C3%AFve.mp3`,
    ],
    ['Latin-1', Buffer.from('name="file"; filename="na\xefve.mp3"', 'latin1'), 'name="file"; filename="naïve.mp3"'],
    ['a name of 64 kB', `filename="${'x'.repeat(65_536)}"`, `filename="${'x'.repeat(1023)}"`],
    [
      'an escape at the cut',
      `filename="${'x'.repeat(1022)}\\\\${'y'.repeat(65_000)}"`,
      `filename="${'x'.repeat(1022)}"`,
    ],
  ])('takes a file name with %s', async (_, sent, passed) => {
    expect((await header(sent)).replace(/^; /, '')).toBe(passed);
  });

  it('takes a 64 kB header that never closes its quotes, quickly', async () => {
    const startedAt = performance.now();
    await header(`filename="${'\\"'.repeat(32_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(patient(2000));
  });

  it.each([
    ['a line that starts with the boundary', `${START}A: b\r\n\r\nx\r\n--${BOUNDARY}!${END}`],
    ['a part without headers', `${START}\r\nx${END}`],
    ['a boundary within the headers', `${START}A: b\r\n--${BOUNDARY}\r\nA: b\r\n\r\nx${END}`],
    ['headers of 90 kB', `${START}A: ${'x'.repeat(90_000)}\r\n\r\nx${END}`],
  ])('refuses %s', async (_, body) => {
    await expect(filter(body)).rejects.toThrow(MalformedFormError);
    await expect(filter(body, 100_000)).rejects.toThrow(MalformedFormError);
  });

  it('passes on what has no parts', async () => {
    expect((await filter('no form\r\n--')).toString()).toBe('no form\r\n--');
  });

  it('strips blanks after a boundary', async () => {
    expect((await filter(`--${BOUNDARY} \t\r\nA: b\r\n\r\nx${END}`)).toString()).toBe(`${START}A: b\r\n\r\nx${END}`);
  });
});

/** texts that a parser or a filter might take for a part of the form */
const MARKERS = [
  'filename="',
  'filename=',
  "filename*=UTF-8''",
  'Content-Disposition: form-data; name="file"; filename="',
  '"',
  '\\',
  '\0\x01\x7f',
  '\r\n',
  '\r\n\r\n',
  '\r\n--',
  `\r\n--${BOUNDARY.slice(0, -1)}`,
  `x--${BOUNDARY}--`,
  'x'.repeat(3000),
];

const SPELLINGS = [
  'name="file"; filename="song.wav"',
  'name=file; filename=song.wav',
  'name=file; filename=song of songs.wav',
  "name=file; filename*=UTF-8''song.wav",
  'name="file"; filename="song.wav"; filename*=utf-8\'\'song.wav',
  'name="file"; FileName="song.wav"',
  'filename="song.wav"; name="file"',
  `name="file"; filename="${'x'.repeat(17_000)}.wav"`,
];

/** mulberry32: the same numbers in each run */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe(`${PartHeaderFilter.name} with the parser`, () => {
  it.each(SPELLINGS.map((spelling, seed) => [spelling.slice(0, 80), spelling, seed] as const))(
    'changes no byte of a song, and none of a field before it: %s',
    async (_, spelling, seed) => {
      const next = random(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
      for (let count = 0; count < 15; count++) {
        const parts = Array.from({ length: 20 }, () => pick([...MARKERS, String.fromCharCode(next() * 256)]));
        const song = Buffer.from(parts.join(''), 'latin1');
        const field = pick(MARKERS).slice(0, 500);
        const form = Buffer.concat([
          Buffer.from(`${START}Content-Disposition: form-data; name=model\r\n\r\n${field}\r\n`, 'latin1'),
          Buffer.from(`${START}Content-Disposition: form-data; ${spelling}\r\nContent-Type: audio/wav\r\n\r\n`),
          song,
          Buffer.from(END),
        ]);
        const longest = pick([3, 40, 1000, 100_000]);
        const body = chunks(form, () => 1 + Math.floor(next() * longest)).pipe(new PartHeaderFilter(BOUNDARY));
        const read = await readUploadForm(body, BOUNDARY, 1e6, async (source) => sha256(await buffer(source)));
        expect(read).toEqual({ fields: { model: field }, file: sha256(song) });
      }
    },
  );
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
