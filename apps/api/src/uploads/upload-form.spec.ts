import { describe, expect, it } from '@jest/globals';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { readUploadForm } from './upload-form.js';

const MAX_FILE_BYTES = 100_000;
const BOUNDARY = 'b';
const END = '--b--\r\n';

const part = (disposition: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data${disposition}\r\n\r\n${value}\r\n`;
const field = (name: string, value = '1'): string => part(`; name="${name}"`, value);
const file = (content: string, fileName = 'a.wav', name = 'file'): string =>
  part(`; name="${name}"; filename="${fileName}"`, content);
const fields = (count: number): string => Array.from({ length: count }, (_, at) => field(`field${at}`)).join('');
const foreignParts = (count: number): string => '--b\r\nX-Not: a field\r\n\r\n\r\n'.repeat(count);

const read = async (source: Readable, name: string): Promise<{ bytes: number; name: string }> => ({
  bytes: (await buffer(source)).length,
  name,
});

function chunks(form: string, bytes: number): Readable {
  const all = Buffer.from(form);
  const list: Buffer[] = [];
  for (let at = 0; at < all.length; at += bytes) list.push(all.subarray(at, at + bytes));
  return Readable.from(list);
}

const parse = (form: string, chunkBytes = 16_384): ReturnType<typeof readUploadForm<{ bytes: number; name: string }>> =>
  readUploadForm(chunks(form, chunkBytes), BOUNDARY, MAX_FILE_BYTES, read);

describe.each([5, 1_000_000])(`${readUploadForm.name}, in chunks of %i bytes`, (chunkBytes) => {
  it('reads fields before and after the file', async () => {
    const form = field('model', 'demo') + file('x'.repeat(5000), 'песня.wav') + field('stems', 'vocals') + END;
    expect(await parse(form, chunkBytes)).toEqual({
      fields: { model: 'demo', stems: 'vocals' },
      file: { bytes: 5000, name: 'песня.wav' },
    });
  });

  it('restores what browsers escape in a file name, and nothing else', async () => {
    expect((await parse(file('x', 'a%22b%0d%0A50%25.wav') + END, chunkBytes)).file?.name).toBe('a"b\r\n50%25.wav');
  });

  it.each([
    ['a file of the largest size', file('x'.repeat(MAX_FILE_BYTES))],
    ['20 fields, a file and a foreign part', fields(20) + file('x') + foreignParts(1)],
    ['a field of 2048 bytes', field('model', 'x'.repeat(2048)) + file('x')],
    ['a field name of 100 letters', field('x'.repeat(100)) + file('x')],
    ['a file without a name, which it skips', part('; name="file"; filename=""', '') + file('x')],
  ])('accepts %s', async (_, form) => {
    await expect(parse(form + END, chunkBytes)).resolves.toBeDefined();
  });

  it.each([
    ['a file over the size limit', 'file_too_large', file('x'.repeat(MAX_FILE_BYTES + 1))],
    ['21 fields', 'malformed_upload', fields(21)],
    ['a field of 2049 bytes', 'malformed_upload', field('model', 'x'.repeat(2049))],
    ['a field name of 101 letters', 'malformed_upload', field('x'.repeat(101))],
    ['a song as a text field', 'missing_file', field('file', 'x'.repeat(5000))],
    ['a field without a name', 'malformed_upload', part('', '1')],
    ['a file without a field name', 'malformed_upload', part('; filename="a.wav"', 'x')],
    ['23 parts', 'malformed_upload', foreignParts(23)],
    ['a field twice', 'invalid_request', field('model') + field('model')],
    ['two files', 'too_many_files', file('x') + file('x')],
    ['a file in another field', 'unknown_field', file('x'.repeat(50_000), 'a.wav', 'song')],
    ['two files in another field', 'unknown_field', file('x', 'a.wav', 'song').repeat(2)],
  ])('refuses %s', async (_, code, form) => {
    await expect(parse(form + END, chunkBytes)).rejects.toMatchObject({ code });
  });

  it.each([
    ['one broken part header', /^Malformed part header/, `--b\r\n\0: x\r\n\r\n\r\n`],
    ['many broken part headers', /^Malformed part header/, `--b\r\n\0: x\r\n\r\n\r\n`.repeat(5)],
    ['headers of 17 kB', /^Malformed part header/, `--b\r\nX: ${'x'.repeat(17_000)}\r\n\r\n\r\n`],
    ['a file that breaks off', /^Unexpected end of form/, file('x'.repeat(50_000)).slice(0, -10)],
    [
      'an ignored file that breaks off',
      /^Unexpected end of form/,
      '--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\nx',
    ],
  ])('fails on %s', async (_, message, form) => {
    await expect(parse(form, chunkBytes)).rejects.toThrow(message);
  });
});

describe(readUploadForm.name, () => {
  it('fails the file, too, when the body fails', async () => {
    const body = new PassThrough();
    let stored: Promise<string> | undefined;
    const form = readUploadForm(body, BOUNDARY, MAX_FILE_BYTES, (source) => {
      body.destroy(new Error('the client is gone'));
      stored = text(source);
      return stored;
    });
    body.write(file('x'.repeat(50_000)));
    await expect(form).rejects.toThrow('the client is gone');
    await expect(stored).rejects.toThrow();
  });

  it.each([
    ['while the file arrives', ''],
    ['after the whole form arrived', END],
  ])('fails at once when the store fails %s', async (_, end) => {
    const body = new PassThrough();
    const form = readUploadForm(body, BOUNDARY, MAX_FILE_BYTES, (source) => {
      source.destroy();
      return Promise.reject(new Error('the store is away'));
    });
    body.write(file('x'.repeat(90_000)) + end);
    if (end !== '') body.end();
    await expect(form).rejects.toThrow('the store is away');
  });
});
