import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { StorageUnavailableError } from '../storage.errors.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { MIB, collect, digest, failing, read, repeated, write } from './bytes.js';
import type { ContractContext } from './contract-context.js';

/** A store writes whole objects or none, in bounded memory, and closes what it opens. */
export function holdsStreams(context: ContractContext): void {
  it('shows the old object until the last byte of the new one has arrived', async () => {
    await context.sut.putText(`${context.folder}replaced`, 'old');
    const keys = [`${context.folder}new`, `${context.folder}replaced`];
    const sources = keys.map(() => new PassThrough());
    const puts = keys.map((key, index) => context.sut.put(key, sources[index] ?? Readable.from([])));
    for (const source of sources) await write(source, 10 * MIB);
    expect(await context.sut.getText(`${context.folder}replaced`)).toBe('old');
    expect(await context.keysBelow(context.folder)).toEqual([`${context.folder}replaced`]);
    for (const source of sources) source.end();
    await Promise.all(puts);
    for (const key of keys) expect(await context.sut.head(key)).toMatchObject({ bytes: 10 * MIB });
  });

  it.each([
    ['at once', 0],
    ['in the middle', 18 * MIB],
  ])('leaves nothing when the source fails %s', async (_when, bytes) => {
    const failure = new Error('client gone');
    const source = Readable.from(failing(bytes, failure));
    await expect(context.sut.put(`${context.folder}song`, source)).rejects.toBe(failure);
    expect(await context.keysBelow(context.folder)).toEqual([]);
    expect(await context.unfinished()).toBe(0);
  });

  it('leaves nothing behind if the source is destroyed without an error', async () => {
    const source = new PassThrough();
    source.write(Buffer.alloc(1000));
    const put = context.sut.put(`${context.folder}song`, source);
    source.destroy();
    await expect(put).rejects.toThrow(/premature/i);
    expect(await context.keysBelow(context.folder)).toEqual([]);
    expect(await context.unfinished()).toBe(0);
  });

  it('leaves nothing behind 5 s after an abort, and destroys the source', async () => {
    const abort = new AbortController();
    const source = new PassThrough();
    const put = context.sut.put(`${context.folder}song`, source, { signal: abort.signal });
    await write(source, 18 * MIB);
    await waitUntil('the upload has started', async () => (await context.unfinished()) > 0);
    const reason = new Error('cancelled');
    const aborted = Date.now();
    abort.abort(reason);
    await expect(put).rejects.toBe(reason);
    expect(source.destroyed).toBe(true);
    expect(await context.unfinished()).toBe(0);
    expect(Date.now() - aborted).toBeLessThan(5000);
    expect(await context.keysBelow(context.folder)).toEqual([]);
  });

  it('starts nothing if the signal is already aborted', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    const source = Readable.from([Buffer.alloc(10)]);
    await expect(context.sut.put(`${context.folder}a`, source, { signal })).rejects.toThrow('too late');
    await expect(context.sut.putText(`${context.folder}a`, 'a', { signal })).rejects.toThrow('too late');
    await expect(context.sut.putFile(`${context.folder}a`, '/dev/null', { signal })).rejects.toThrow('too late');
    await expect(context.sut.head(`${context.folder}a`, { signal })).rejects.toThrow('too late');
    await expect(collect(context.sut.list(context.folder, { signal }))).rejects.toThrow('too late');
    expect(await context.keysBelow(context.folder)).toEqual([]);
  });

  it('ends a read on abort', async () => {
    await context.sut.put(`${context.folder}song`, Readable.from([Buffer.alloc(8 * MIB)]));
    const abort = new AbortController();
    const stream = await context.sut.get(`${context.folder}song`, { signal: abort.signal });
    const reading = digest(stream);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('keeps one whole object after concurrent puts on one key', async () => {
    const bodies = Array.from({ length: 6 }, (_, index) => Buffer.alloc(index % 2 === 0 ? 1000 : 9 * MIB, index));
    const puts = bodies.map((body) => context.sut.put(`${context.folder}song`, Readable.from([body])));
    const settled = await Promise.allSettled(puts);
    // a writer whose object was replaced at once may take that for a fault of the store
    for (const put of settled)
      if (put.status === 'rejected') expect(put.reason).toBeInstanceOf(StorageUnavailableError);
    const stored = await read(context.sut, `${context.folder}song`);
    expect(bodies.some((body) => body.equals(stored))).toBe(true);
    expect(await context.unfinished()).toBe(0);
  });

  it('leaves no socket or file open after 50 parallel reads, half of them incomplete', async () => {
    await context.sut.put(`${context.folder}song`, Readable.from([Buffer.alloc(2 * MIB)]));
    const streams = await Promise.all(Array.from({ length: 50 }, () => context.sut.get(`${context.folder}song`)));
    await Promise.all(
      streams.map(async (stream, index) => {
        if (index % 2 === 0) return digest(stream);
        stream.destroy();
        return once(stream, 'close');
      }),
    );
    await waitUntil('all are closed', async () => (await context.openResources()) === 0);
  });

  it('puts 200 MB within bounded memory', async () => {
    const piece = Buffer.alloc(64 * 1024, 7);
    await context.sut.put(`${context.folder}warm`, Readable.from(repeated(piece, 20 * MIB)));
    const before = process.memoryUsage().rss;
    let peak = before;
    const watched = repeated(piece, 200_000_000, () => (peak = Math.max(peak, process.memoryUsage().rss)));
    await context.sut.put(`${context.folder}huge`, Readable.from(watched));
    expect(peak - before).toBeLessThan(80_000_000);
    await context.sut.removeAll(context.folder);
  });

  it('keeps recent uploads in a sweep', async () => {
    const source = new PassThrough();
    const put = context.sut.put(`${context.folder}song`, source);
    await write(source, 10 * MIB);
    await waitUntil('the upload has started', async () => (await context.unfinished()) > 0);
    expect(await context.sut.sweepUnfinished(3_600_000)).toBe(0);
    source.end();
    await put;
    expect(await context.sut.head(`${context.folder}song`)).toMatchObject({ bytes: 10 * MIB });
  });
}
