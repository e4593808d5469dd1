import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { MIB, collect, digest, failing, read, repeated, write } from './bytes.js';
import type { Given } from './given.js';

/** What a store does with streams: an object is there whole or not at all, in bounded memory, and all is closed. */
export function holdsStreams(given: Given): void {
  it('shows the old object until the last byte of the new one has arrived', async () => {
    await given.sut.putText(`${given.folder}replaced`, 'old');
    const keys = [`${given.folder}new`, `${given.folder}replaced`];
    const sources = keys.map(() => new PassThrough());
    const puts = keys.map((key, index) => given.sut.put(key, sources[index] ?? Readable.from([])));
    for (const source of sources) await write(source, 10 * MIB);
    expect(await given.sut.getText(`${given.folder}replaced`)).toBe('old');
    expect(await given.keysBelow(given.folder)).toEqual([`${given.folder}replaced`]);
    for (const source of sources) source.end();
    await Promise.all(puts);
    for (const key of keys) expect(await given.sut.head(key)).toMatchObject({ bytes: 10 * MIB });
  });

  it.each([
    ['at once', 0],
    ['in the middle', 18 * MIB],
  ])('leaves nothing when the source fails %s', async (_when, bytes) => {
    const failure = new Error('client gone');
    const source = Readable.from(failing(bytes, failure));
    await expect(given.sut.put(`${given.folder}song`, source)).rejects.toBe(failure);
    expect(await given.keysBelow(given.folder)).toEqual([]);
    expect(await given.unfinished()).toBe(0);
  });

  it('leaves nothing when the source is destroyed without an error', async () => {
    const source = new PassThrough();
    source.write(Buffer.alloc(1000));
    const put = given.sut.put(`${given.folder}song`, source);
    source.destroy();
    await expect(put).rejects.toThrow(/premature/i);
    expect(await given.keysBelow(given.folder)).toEqual([]);
    expect(await given.unfinished()).toBe(0);
  });

  it('leaves nothing within 5 s when it is aborted in the middle, and ends the source', async () => {
    const abort = new AbortController();
    const source = new PassThrough();
    const put = given.sut.put(`${given.folder}song`, source, { signal: abort.signal });
    await write(source, 18 * MIB);
    await waitUntil('the upload is under way', async () => (await given.unfinished()) > 0);
    const reason = new Error('cancelled');
    const aborted = Date.now();
    abort.abort(reason);
    await expect(put).rejects.toBe(reason);
    expect(source.destroyed).toBe(true);
    expect(await given.unfinished()).toBe(0);
    expect(Date.now() - aborted).toBeLessThan(5000);
    expect(await given.keysBelow(given.folder)).toEqual([]);
  });

  it('begins nothing when it is aborted already', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    const source = Readable.from([Buffer.alloc(10)]);
    await expect(given.sut.put(`${given.folder}a`, source, { signal })).rejects.toThrow('too late');
    await expect(given.sut.putText(`${given.folder}a`, 'a', { signal })).rejects.toThrow('too late');
    await expect(given.sut.putFile(`${given.folder}a`, '/dev/null', { signal })).rejects.toThrow('too late');
    await expect(given.sut.head(`${given.folder}a`, { signal })).rejects.toThrow('too late');
    await expect(collect(given.sut.list(given.folder, { signal }))).rejects.toThrow('too late');
    expect(await given.keysBelow(given.folder)).toEqual([]);
  });

  it('ends a read when it is aborted', async () => {
    await given.sut.put(`${given.folder}song`, Readable.from([Buffer.alloc(8 * MIB)]));
    const abort = new AbortController();
    const stream = await given.sut.get(`${given.folder}song`, { signal: abort.signal });
    const reading = digest(stream);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('lets one of many concurrent puts on one key win, whole', async () => {
    const bodies = Array.from({ length: 6 }, (_, index) => Buffer.alloc(index % 2 === 0 ? 1000 : 9 * MIB, index));
    await Promise.all(bodies.map((body) => given.sut.put(`${given.folder}song`, Readable.from([body]))));
    const stored = await read(given.sut, `${given.folder}song`);
    expect(bodies.some((body) => body.equals(stored))).toBe(true);
    expect(await given.unfinished()).toBe(0);
  });

  it('leaves no socket or file open after 50 parallel reads, half of them not read to their end', async () => {
    await given.sut.put(`${given.folder}song`, Readable.from([Buffer.alloc(2 * MIB)]));
    const streams = await Promise.all(Array.from({ length: 50 }, () => given.sut.get(`${given.folder}song`)));
    await Promise.all(
      streams.map(async (stream, index) => {
        if (index % 2 === 0) return digest(stream);
        stream.destroy();
        return once(stream, 'close');
      }),
    );
    await waitUntil('all are closed', async () => (await given.openResources()) === 0);
  });

  it('puts 200 MB within bounded memory', async () => {
    const piece = Buffer.alloc(64 * 1024, 7);
    await given.sut.put(`${given.folder}warm`, Readable.from(repeated(piece, 20 * MIB)));
    const before = process.memoryUsage().rss;
    let peak = before;
    const watched = repeated(piece, 200_000_000, () => (peak = Math.max(peak, process.memoryUsage().rss)));
    await given.sut.put(`${given.folder}huge`, Readable.from(watched));
    expect(peak - before).toBeLessThan(80_000_000);
    await given.sut.removeAll(given.folder);
  });

  it('sweeps nothing that is still young', async () => {
    const source = new PassThrough();
    const put = given.sut.put(`${given.folder}song`, source);
    await write(source, 10 * MIB);
    await waitUntil('the upload is under way', async () => (await given.unfinished()) > 0);
    expect(await given.sut.sweepUnfinished(3_600_000)).toBe(0);
    source.end();
    await put;
    expect(await given.sut.head(`${given.folder}song`)).toMatchObject({ bytes: 10 * MIB });
  });
}
