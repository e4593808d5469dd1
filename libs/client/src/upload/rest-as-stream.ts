import type { Caller } from '../caller.js';
import { streamOf } from '../stream-of.js';
import type { SendRest } from './send-resumable.js';
import { Silence } from './silence.js';
import type { FileSong } from './song.js';

/** Sends the rest of a song piece by piece, where fetch can. */
export function restAsStream(caller: Caller, song: FileSong): SendRest {
  return async ({ path, from, headers }, { signal, onProgress }) => {
    const silence = new Silence(signal);
    // what cannot be read is not the fault of the connection
    let unread: unknown;
    async function* body(): AsyncGenerator<Uint8Array> {
      let sent = from;
      try {
        for await (const chunk of song.slice(from).stream()) {
          // an aborted request would read the file to its end
          if (silence.signal.aborted) return;
          yield chunk;
          silence.break();
          sent += chunk.length;
          onProgress?.(sent, song.size);
        }
        if (sent < song.size) throw new Error(`${song.name} has become shorter.`);
      } catch (error) {
        unread = error;
        throw error;
      }
    }
    const init = {
      method: 'PATCH',
      headers: { ...headers, 'content-length': String(song.size - from) },
      body: streamOf(body()),
      duplex: 'half',
      signal: silence.signal,
    };
    try {
      return (await caller.call(path, init as RequestInit)).headers.get('upload-offset');
    } catch (error) {
      throw unread ?? error;
    } finally {
      silence.end();
    }
  };
}
