import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { stat, utimes } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runProcess } from '@app/processes';
import { Ffmpeg, NoAudioError } from './index.js';
import { findFfmpeg, SongFolder, storedFile, tone } from './songs.fixture.js';

const LIMITS = { maxDurationSeconds: 60 };
const LONG_AGO = new Date('2001-01-01T00:00:00Z');

/** songs that name another file or address: ffmpeg must open neither */
describe('Ffmpeg, given a playlist', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;
  let server: Server;
  let calls: string[];
  let address: string;
  let canary: string;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
    canary = await songs.make('canary.wav', ...tone(1));
    calls = [];
    server = createServer((request, response) => {
      calls.push(request.url ?? '');
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.close();
    await songs.remove();
  });

  const playlists: [string, (target: string) => string][] = [
    ['HLS', (target) => `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${target}\n#EXT-X-ENDLIST\n`],
    ['HLS with a key', (target) => `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="${target}"\n#EXTINF:1,\n${target}\n`],
    ['concat', (target) => `ffconcat version 1.0\nfile '${target}'\n`],
    ['DASH', (target) => `<?xml version="1.0"?><MPD><BaseURL>${target}</BaseURL></MPD>`],
    [
      'SDP',
      (target) => `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\na=${target}\n`,
    ],
    ['M3U', (target) => `${target}\n`],
    ['ASX', (target) => `<asx version="3.0"><entry><ref href="${target}"/></entry></asx>`],
  ];

  it.each(playlists)('finds no audio in %s, and opens neither the file nor the address in it', async (name, write) => {
    // relies on access times: the next test shows that this file system keeps them
    await utimes(canary, LONG_AGO, LONG_AGO);
    for (const target of [canary, `file:${canary}`, `${address}/canary.wav`, 'canary.wav']) {
      const path = await songs.write(`${name}.mp3`, write(target));
      await expect(sut.inspect(await storedFile(path), LIMITS)).rejects.toThrow(NoAudioError);
      await expect(sut.decode(path, songs.at('out.wav'), LIMITS)).rejects.toThrow(NoAudioError);
    }
    expect(calls).toEqual([]);
    expect((await stat(canary)).atime).toEqual(LONG_AGO);
  });

  it('would open both without its allow-lists', async () => {
    await utimes(canary, LONG_AGO, LONG_AGO);
    const naive = async (target: string): Promise<void> => {
      const [, write] = playlists[2] ?? ['', (): string => ''];
      const path = await songs.write('naive.mp3', write(target));
      const args = ['-nostdin', '-protocol_whitelist', 'file,http,tcp', '-safe', '0', '-f', 'concat', '-i', path];
      await runProcess(await findFfmpeg(), [...args, '-f', 'null', '-'], { timeoutMs: 20_000 }).catch(() => undefined);
    };
    await naive(canary);
    await naive(`${address}/canary.wav`);
    expect((await stat(canary)).atime).not.toEqual(LONG_AGO);
    expect(calls).not.toEqual([]);
  });
});
