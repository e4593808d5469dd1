import type { Caller } from '../caller.js';
import { streamOf } from '../stream-of.js';
import type { Separation } from '../types.js';
import type { Fields, UploadOptions } from './song.js';

interface Upload {
  readonly path: string;
  readonly song: { readonly name: string; readonly size: number; stream(): ReadableStream<Uint8Array> };
  readonly fields: Fields;
}

/** Uploads a song piece by piece, in little memory: FormData would read all of it, and tell nothing of its progress. */
export async function sendStream(
  caller: Caller,
  { path, song, fields }: Upload,
  { signal, onProgress }: UploadOptions,
): Promise<Separation> {
  const boundary = `song-${crypto.randomUUID()}`;
  const encoder = new TextEncoder();
  const part = (name: string, rest: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${escape(name)}"${rest}`;
  const before = Object.entries(fields).map(([name, value]) => part(name, `\r\n\r\n${value}\r\n`));
  const ofSong = part('file', `; filename="${escape(song.name)}"\r\nContent-Type: application/octet-stream\r\n\r\n`);
  const head = encoder.encode(`${before.join('')}${ofSong}`);
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  // what cannot be read is not the fault of the connection
  let unread: unknown;
  async function* body(): AsyncGenerator<Uint8Array> {
    yield head;
    let sent = 0;
    try {
      for await (const chunk of song.stream()) {
        // an aborted request would read the file to its end
        if (signal?.aborted === true) return;
        yield chunk;
        sent += chunk.length;
        onProgress?.(sent, song.size);
      }
    } catch (error) {
      unread = error;
      throw error;
    }
    yield tail;
  }
  const init = {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + song.size + tail.length),
    },
    body: streamOf(body()),
    duplex: 'half',
    ...(signal !== undefined && { signal }),
  };
  const response = await caller.call(path, init as RequestInit).catch((error: unknown) => {
    throw unread ?? error;
  });
  return (await response.json()) as Separation;
}

/** as browsers do: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
function escape(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}
