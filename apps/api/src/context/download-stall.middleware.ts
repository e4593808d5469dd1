import type { RequestHandler, Response } from 'express';
import { unacknowledgedBytes } from './unacknowledged-bytes.js';

/** What was sent of a download. */
export interface Sent {
  /** bytes given to the kernel or on their way there */
  readonly written: number;
  /** bytes that the kernel still has; undefined if it does not tell */
  readonly pending: number | undefined;
}

/**
 * Whether the client took anything between two looks. The kernel may have as many bytes as before, because it was given
 * new ones.
 */
export function hasTaken(before: Sent | undefined, now: Sent): boolean {
  if (now.pending === undefined) return false;
  return now.pending !== before?.pending || now.written !== before.written;
}

/**
 * Closes a download that its client stopped reading: it would hold a file or a connection to the store. A client that
 * takes anything at all within the time is kept, however slow it is.
 */
export function closeStalledDownloads(stallSeconds: number): RequestHandler {
  return (_request, response, next) => {
    let before: Sent | undefined;
    // a response still being made waits for us, not for the client; its first byte restarts the clock
    response.setTimeout(stallSeconds * 1000, () => {
      if (!response.writableNeedDrain) return;
      void look(response).then((now) => {
        if (response.closed) return;
        // Node restarts the clock only when it sends
        if (hasTaken(before, now)) response.setTimeout(stallSeconds * 1000);
        else response.destroy();
        before = now;
      });
    });
    next();
  };
}

async function look({ socket }: Response): Promise<Sent> {
  if (socket === null) return { written: 0, pending: undefined };
  return { written: socket.bytesWritten, pending: await unacknowledgedBytes(socket) };
}
