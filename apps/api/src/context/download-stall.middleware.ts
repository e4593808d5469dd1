import type { RequestHandler } from 'express';

/** Closes a download that its client stopped reading: it would hold a file or a connection to the store. */
export function closeStalledDownloads(stallSeconds: number): RequestHandler {
  return (_request, response, next) => {
    // a response still being made waits for us, not for the client; its first byte restarts the clock
    response.setTimeout(stallSeconds * 1000, () => {
      if (response.writableNeedDrain) response.destroy();
    });
    next();
  };
}
