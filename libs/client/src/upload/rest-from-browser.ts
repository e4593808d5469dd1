import type { Caller } from '../caller.js';
import { sendFromBrowser, type BrowserRequestMaker } from './browser-request.js';
import type { SendRest } from './send-resumable.js';
import { Silence } from './silence.js';

/** Sends the rest of a song from a browser. */
export function restFromBrowser(caller: Caller, Request: BrowserRequestMaker, song: Blob): SendRest {
  return async ({ path, from, headers }, { signal, onProgress }) => {
    const silence = new Silence(signal);
    const options = {
      signal: silence.signal,
      onProgress: (sentBytes: number) => {
        silence.break();
        onProgress?.(from + sentBytes, song.size);
      },
    };
    const rest = song.slice(from);
    const sent = { method: 'PATCH', path, headers, body: rest, song: rest } as const;
    try {
      return (await sendFromBrowser(caller, Request, sent, options)).getResponseHeader('upload-offset');
    } finally {
      silence.end();
    }
  };
}
