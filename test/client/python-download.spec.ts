import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runPython } from '../openapi/run-tool.js';

const SOUND = 'the sound of drums';
const PROBLEM = JSON.stringify({ code: 'rate_limited', detail: 'Slower.', allowed: ['a', 'b'] });

describe('the client for Python', () => {
  let server: Server;
  let folder: string;
  let answers: ((response: ServerResponse) => void)[];
  let ranges: (string | undefined)[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'python-client-'));
    ranges = [];
    server = createServer(({ headers }, response) => {
      ranges.push(headers.range);
      answers[ranges.length - 1]?.(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  it('goes on with a broken download after the server was busy, and keeps what an error says', async () => {
    answers = [
      (response) => {
        response.writeHead(200, { etag: '"1"', 'content-length': SOUND.length });
        response.write(SOUND.slice(0, 5), () => setImmediate(() => response.destroy()));
      },
      (response) => response.writeHead(503).end('<html>a proxy</html>'),
      (response) => response.writeHead(429, { 'retry-after': '0' }).end(PROBLEM),
      (response) => {
        const range = `bytes 5-${SOUND.length - 1}/${SOUND.length}`;
        response.writeHead(206, { etag: '"1"', 'content-length': SOUND.length - 5, 'content-range': range });
        response.end(SOUND.slice(5));
      },
      (response) => response.writeHead(429, { 'retry-after': '3' }).end(PROBLEM),
    ];
    const { port } = server.address() as AddressInfo;
    const file = join(folder, 'drums.flac');
    const env = { PYTHONPATH: resolve('clients', 'python', 'src'), PYTHONDONTWRITEBYTECODE: '1' };
    const script = resolve('test', 'client', 'python_download.py');
    await runPython([script, `http://127.0.0.1:${port}`, file], { cwd: folder, env });
    expect(await readFile(file, 'utf8')).toBe(SOUND);
    expect(ranges).toEqual([undefined, 'bytes=5-', 'bytes=5-', 'bytes=5-', undefined]);
  });
});
