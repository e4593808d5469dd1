import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FileNameFilter } from './file-name-filter.js';

async function filter(text: string, chunkBytes: number): Promise<string> {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  return (await buffer(Readable.from(chunks).pipe(new FileNameFilter(1_000_000)))).toString();
}

const part = (name: string): string =>
  `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\nfilename="\0"\r\n--b--`;

describe(FileNameFilter.name, () => {
  it.each([1, 7, 100_000])('replaces control characters of the name only, in chunks of %d', async (chunkBytes) => {
    expect(await filter(part('a\0b\r\nc.mp3'), chunkBytes)).toBe(part('a_b__c.mp3'));
  });

  it('cuts a name of 64 kB', async () => {
    expect(await filter(part('x'.repeat(65_536)), 4096)).toBe(part('x'.repeat(1024)));
  });

  it('does not end the name at an escaped quote', async () => {
    expect(await filter(part('say \\"hi\\".mp3'), 3)).toBe(part('say \\"hi\\".mp3'));
  });

  it('leaves no escape at the cut', async () => {
    expect(await filter(part(`${'x'.repeat(1023)}\\\\y`), 1)).toBe(part('x'.repeat(1023)));
  });

  it('passes a body without a file through', async () => {
    expect(await filter('--b\r\n\r\nmodel', 2)).toBe('--b\r\n\r\nmodel');
  });
});
