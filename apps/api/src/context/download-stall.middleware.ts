import type { RequestHandler, Response } from 'express';
import { unacknowledgedBytes } from './unacknowledged-bytes.js';

/**
 * Closes a download that its client stopped reading: it would hold a file or a connection to the store. A client that
 * takes anything at all within the time is kept, however slow it is.
 */
export function closeStalledDownloads(stallSeconds: number): RequestHandler {
  return (_request, response, next) => {
    let pending: number | undefined;
    // a response still being made waits for us, not for the client; its first byte restarts the clock
    response.setTimeout(stallSeconds * 1000, () => {
      if (!response.writableNeedDrain) return;
      void pendingBytes(response).then((now) => {
        if (response.closed) return;
        if (now === undefined || now === pending) response.destroy();
        // Node restarts the clock only when it sends
        else response.setTimeout(stallSeconds * 1000);
        pending = now;
      });
    });
    next();
  };
}

async function pendingBytes({ socket }: Response): Promise<number | undefined> {
  return socket === null ? undefined : unacknowledgedBytes(socket);
}
