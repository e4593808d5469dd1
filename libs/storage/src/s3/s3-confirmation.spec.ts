import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LyingS3, type Lie } from '../../../../test/support/servers/lying-s3.js';
import { startS3Server, type S3Server } from '../../../../test/support/servers/s3-server.js';
import { read } from '../contract/bytes.js';
import { createObjectStore } from '../create-object-store.js';
import type { ObjectStore } from '../object-store.js';
import { StorageUnavailableError } from '../storage.errors.js';
import { S3Confirmation } from './s3-confirmation.js';

const MIB = 1024 * 1024;
const LIES: readonly Lie[] = ['answers an error', 'keeps nothing', 'keeps half', 'keeps other bytes'];

describe(S3Confirmation.name, () => {
  let server: S3Server;
  let proxy: LyingS3;
  let folder: string;
  let sut: ObjectStore;
  let key: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startS3Server();
    proxy = await LyingS3.start(server);
    folder = await mkdtemp(join(tmpdir(), 'confirmation-'));
  });
  beforeEach(() => {
    sut = createObjectStore(proxy.config);
    key = `separations/${crypto.randomUUID()}/stems/vocals.flac`;
  });
  afterEach(async () => {
    proxy.lie = () => undefined;
    proxy.checksums = 'known';
    proxy.slowness = 0;
    await sut.close();
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function file(bytes: number): Promise<{ path: string; content: Buffer }> {
    const [path, content] = [join(folder, crypto.randomUUID()), randomBytes(bytes)];
    await writeFile(path, content);
    return { path, content };
  }

  /** Tells this lie about the key, so many times. */
  function lie(about: Lie, times: number): void {
    let left = times;
    proxy.lie = (asked) => {
      if (asked !== key || left === 0) return undefined;
      left -= 1;
      return about;
    };
  }

  describe.each([
    ['a small file', 1000],
    ['a file in parts', 9 * MIB],
  ])('of %s', (_what, bytes) => {
    it.each(LIES)('puts it again when the store %s', async (about) => {
      const { path, content } = await file(bytes);
      lie(about, 1);
      await sut.putFile(key, path);
      expect((await read(sut, key)).equals(content)).toBe(true);
    });

    it('gives up when the store keeps half every time, and rejects a stream at once', async () => {
      lie('keeps half', Infinity);
      await expect(sut.putFile(key, (await file(bytes)).path)).rejects.toThrow(StorageUnavailableError);
      const put = sut.put(key, Readable.from([randomBytes(bytes)]));
      await expect(put).rejects.toThrow(StorageUnavailableError);
    });

    it.each(['of the whole', 'of parts, counted', 'of parts'] as const)(
      'takes a sha256 %s, and finds the fault by it',
      async (checksums) => {
        proxy.checksums = checksums;
        const { path, content } = await file(bytes);
        await sut.put(key, Readable.from([content]));
        expect((await read(sut, key)).equals(content)).toBe(true);
        lie('keeps other bytes', 1);
        await expect(sut.put(key, Readable.from([content]))).rejects.toThrow('another sha256');
        lie('keeps other bytes', 1);
        await sut.putFile(key, path);
        expect((await read(sut, key)).equals(content)).toBe(true);
      },
    );

    it.each(['ignored', 'refused'] as const)('finds the fault where checksums are %s', async (checksums) => {
      proxy.checksums = checksums;
      const { path, content } = await file(bytes);
      // the first answer shows that the store tells no sha256
      await sut.putFile(key, path);
      for (const about of LIES) {
        lie(about, 1);
        await sut.putFile(key, path);
        expect((await read(sut, key)).equals(content)).toBe(true);
      }
    });
  });

  it('answers a ping of a store that is only slow, and ends it with the signal', async () => {
    await sut.ping();
    proxy.slowness = 2500;
    await sut.ping();
    const hasty = new Error('it takes too long');
    const ended = sut.ping({ signal: abortedAfter(100, hasty) });
    await expect(ended).rejects.toBe(hasty);
  });

  it('puts a document again', async () => {
    lie('keeps half', 1);
    await sut.putText(key, '{"all":"of it"}');
    expect(await sut.getText(key)).toBe('{"all":"of it"}');
  });

  it('copies again when the store keeps half of the copy', async () => {
    const source = `${key}.source`;
    await sut.put(source, Readable.from([randomBytes(5000)]));
    lie('keeps half', 1);
    await sut.copy(source, key);
    expect((await read(sut, key)).equals(await read(sut, source))).toBe(true);
  });
});

function abortedAfter(milliseconds: number, reason: Error): AbortSignal {
  const stop = new AbortController();
  setTimeout(() => {
    stop.abort(reason);
  }, milliseconds);
  return stop.signal;
}
