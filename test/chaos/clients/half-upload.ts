import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from './caller.js';
import { songForm } from './send-song.js';
import type { Song } from './song-library.js';

/** Sends the first half of an upload and then breaks the connection, as a closed laptop does. */
export async function goAway(
  caller: Caller,
  song: Song,
  fields: Readonly<Record<string, string>>,
  afterMs: number,
): Promise<void> {
  const whole = new Response(await songForm(song, fields));
  const body = Buffer.from(await whole.arrayBuffer());
  const { client } = caller;
  const type = whole.headers.get('content-type') ?? '';
  const call = request(new URL('/v1/separations', client.url), {
    method: 'POST',
    headers: { ...client.headers, 'content-type': type, 'content-length': body.length },
  });
  // the server may be down, or answer before the body has ended
  call.on('error', () => undefined);
  call.on('response', (answer) => answer.resume());
  call.write(body.subarray(0, body.length >> 1));
  await pause(afterMs, undefined, { signal: caller.signal }).catch(() => undefined);
  call.destroy();
}
