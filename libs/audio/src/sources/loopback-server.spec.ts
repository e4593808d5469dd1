import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Readable } from 'node:stream';
import type { SeekableSource } from '../index.js';
import { LoopbackServer, withLoopback } from './loopback-server.js';

const SOURCE: SeekableSource = { bytes: 4, read: () => Promise.resolve(Readable.from(['song'])) };

describe(withLoopback.name, () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('closes all servers if one cannot listen', async () => {
    const start = LoopbackServer.start.bind(LoopbackServer);
    const tooManyFiles = new Error('EMFILE');
    const urls: string[] = [];
    let starts = 0;
    jest.spyOn(LoopbackServer, 'start').mockImplementation(async (source) => {
      starts += 1;
      if (starts === 2) throw tooManyFiles;
      const server = await start(source);
      urls.push(server.url);
      return server;
    });
    const read = jest.fn(() => Promise.resolve());
    await expect(withLoopback([SOURCE, SOURCE, SOURCE], read)).rejects.toBe(tooManyFiles);
    expect(read).not.toHaveBeenCalled();
    expect(urls).toHaveLength(2);
    for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});
