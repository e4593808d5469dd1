import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SeparationClient } from '../separation-client.js';
import { toSongFailure } from './failures.js';
import type { Written } from './library/entry.js';
import { Library } from './library/library.js';
import { RetryPolicy } from './retry-policy.js';
import { separateSong } from './separate-song.js';
import { fingerprintOf, hashOf } from './songs/fingerprint.js';

/** A server that may be hostile: it has every song at once. */
describe(separateSong.name, () => {
  let server: Server;
  let stems: readonly string[];
  let folder: string;
  let out: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'separate-song-'));
    out = join(folder, 'out');
    await mkdir(out);
    stems = ['vocals'];
    server = createServer((request, response) => {
      request.resume();
      const state = JSON.stringify({ id: 'sep_0', model: 'demo', status: 'completed', stems });
      const { method = '', url = '' } = request;
      request.on('end', () => {
        if (method === 'POST') response.end(state);
        else if (url.endsWith('/events')) response.end(`event: state\ndata: ${state}\n\n`);
        else response.end('sound of the server');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  /** @returns what was written, or the code of the failure */
  async function separate(path: string, below: string): Promise<Written | string | undefined> {
    const { port } = server.address() as AddressInfo;
    const signal = new AbortController().signal;
    const about = { fingerprint: await fingerprintOf(path), sha256: await hashOf(path, signal), folder: below };
    const context = {
      client: new SeparationClient({ server: `http://127.0.0.1:${port}` }),
      library: await Library.open(out),
      options: { formats: ['wav' as const] },
      priority: undefined,
      reporter: { report: () => undefined, note: () => undefined, end: () => undefined },
      retryPolicy: RetryPolicy.forRun(),
      signal,
    };
    return separateSong({ path, name: 'song' }, about, context).catch((error: unknown) => toSongFailure(error)?.code);
  }

  async function addSong(path: string): Promise<string> {
    await writeFile(path, 'the song of the user');
    return path;
  }

  it.each(['../../evil', '/tmp/evil', 'a/b', '..', '', 'vocals\n'])(
    'refuses a stem that is called %j',
    async (stem) => {
      stems = ['vocals', stem];
      expect(await separate(await addSong(join(folder, 'song.wav')), 'a')).toBe('unsafe_name');
      expect([(await readdir(folder)).sort(), await readdir(out)]).toEqual([['out', 'song.wav'], []]);
    },
  );

  it('never replaces the song, nor a file that it did not write', async () => {
    const song = await addSong(join(out, 'vocals.wav'));
    expect(await separate(song, '')).toBe('file_exists');
    const other = await addSong(join(folder, 'other.wav'));
    expect(await separate(other, '')).toBe('file_exists');
    await rm(song);
    await symlink('nowhere', song);
    expect(await separate(other, '')).toBe('file_exists');
    await rm(song);
    await separate(other, '');
    expect(await readFile(song, 'utf8')).toBe('sound of the server');
    // its own stem, as a song
    expect(await separate(song, '')).toBe('file_exists');
  });

  it('replaces what it wrote itself, also after it was stopped', async () => {
    const song = await addSong(join(folder, 'song.wav'));
    await separate(song, 'a');
    await writeFile(join(out, 'a', 'vocals.wav'), 'cut');
    expect(await separate(song, 'a')).toMatchObject({ files: [{ name: 'vocals.wav', bytes: 19 }] });
  });

  it('writes through no link that waits for a download', async () => {
    const target = await addSong(join(folder, 'precious'));
    await mkdir(join(out, 'a'));
    await symlink(target, join(out, 'a', 'vocals.wav.part'));
    await separate(await addSong(join(folder, 'song.wav')), 'a');
    expect(await readFile(target, 'utf8')).toBe('the song of the user');
  });
});
