import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Base64Decoder } from './base64-decoder.js';
import { LongString } from './long-string.js';

interface Read {
  readonly text: string;
  readonly rest: unknown;
}

/** @param size of the chunks, in bytes */
async function read(json: string, size: number, maxBytes = 1_000_000): Promise<Read> {
  const sut = new LongString('mp3', maxBytes);
  const text: Buffer[] = [];
  sut.on('data', (chunk: Buffer) => text.push(chunk));
  await pipeline(Readable.from(chunksOf(Buffer.from(json), size)), sut);
  return { text: Buffer.concat(text).toString(), rest: JSON.parse(sut.rest) };
}

function chunksOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

async function decode(text: string, size: number, maxBytes = 1_000_000): Promise<Buffer> {
  const sut = new Base64Decoder(maxBytes);
  const bytes: Buffer[] = [];
  sut.on('data', (chunk: Buffer) => bytes.push(chunk));
  await pipeline(Readable.from(chunksOf(Buffer.from(text), size)), sut);
  return Buffer.concat(bytes);
}

const SIZES = [1, 2, 3, 5, 7, 1000];

describe(LongString.name, () => {
  it.each<[what: string, json: string, text: string, rest: unknown]>([
    ['one that comes first', '{"mp3": "AAAA", "model": "x"}', 'AAAA', { mp3: '', model: 'x' }],
    ['one that comes last', '{"model":"x","mp3":"AAAA"}', 'AAAA', { mp3: '', model: 'x' }],
    ['escapes', String.raw`{"mp3":"A\/\u002B\\\"\nB","b":"\\"}`, 'A/+\\"\nB', { mp3: '', b: '\\' }],
    ['a backslash at its end', String.raw`{"mp3":"A\\","b":"\""}`, 'A\\', { mp3: '', b: '"' }],
    ['line ends of a shell', '{"mp3":"A\nB\\n"}', 'A B\n', { mp3: '' }],
    [
      'the name at another depth',
      '{"a":{"mp3":"no"},"b":["mp3"],"mp3":"A"}',
      'A',
      { a: { mp3: 'no' }, b: ['mp3'], mp3: '' },
    ],
    ['the name as a value', '{"a":"mp3","mp3" : "A"}', 'A', { a: 'mp3', mp3: '' }],
    ['another type', '{"mp3":7}', '', { mp3: 7 }],
    ['none', '{"a":"{[\\""}', '', { a: '{["' }],
  ])('finds %s', async (_, json, text, rest) => {
    for (const size of SIZES) {
      const found = await read(json, size);
      // a line end of a shell is as good as a space
      expect({ size, ...found, text: found.text.replace('A\nB', 'A B') }).toEqual({ size, text, rest });
    }
  });

  it.each<[what: string, json: string, message: RegExp]>([
    ['a body that breaks off', '{"mp3":"AAAA', /ends within "mp3"/],
    ['one that is there twice', '{"mp3":"A","mp3":"B"}', /listed twice/],
    ['an unknown escape', String.raw`{"mp3":"A\x41"}`, /an escape/],
    ['a long rest', `{"a":"${'x'.repeat(20_000)}"}`, /more than 16384 bytes beside/],
    ['a long rest after it', `{"mp3":"A","a":${'['.repeat(20_000)}`, /more than 16384 bytes beside/],
  ])('refuses %s', async (_, json, message) => {
    for (const size of SIZES) await expect(read(json, size)).rejects.toThrow(message);
  });

  it('takes a string that begins at the last place of the rest', async () => {
    const start = '{"mp3":"';
    const json = `${' '.repeat(16 * 1024 - start.length)}${start}AAAA"}`;
    await expect(read(json, 1000)).rejects.toThrow(/more than 16384 bytes beside/);
  });
});

describe(Base64Decoder.name, () => {
  it.each([0, 1, 2, 3, 4, 1000, 1001])('decodes %d bytes, with and without line ends', async (length) => {
    const bytes = randomBytes(length);
    const text = bytes.toString('base64');
    for (const size of SIZES) {
      expect(await decode(text, size)).toEqual(bytes);
      expect(await decode(text.replaceAll(/.{1,76}/g, '$&\r\n'), size)).toEqual(bytes);
    }
  });

  it.each<[text: string, message: RegExp]>([
    ['data:audio/mpeg;base64,AAAA', /has ":" where/],
    ['AA-_', /has "-" where/],
    ['AAA', /cut off/],
    ['A', /cut off/],
    ['A===', /has "=" where/],
    ['AA=', /cut off/],
    ['AA==AAAA', /where it must not be/],
    ['====', /has "=" where/],
    ['AAAA=', /cut off/],
  ])('refuses %s', async (text, message) => {
    for (const size of SIZES) await expect(decode(text, size)).rejects.toThrow(message);
  });

  it('counts bytes once they are decoded', async () => {
    await expect(decode(Buffer.alloc(100).toString('base64'), 7, 100)).resolves.toHaveLength(100);
    await expect(decode(Buffer.alloc(101).toString('base64'), 7, 100)).rejects.toThrow();
  });
});
