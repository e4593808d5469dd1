import { finished, type Duplex } from 'node:stream';
import type { Request } from 'express';
import { UploadStalledError } from './upload.errors.js';

/** slower than any modem: it only keeps others out */
export const SLOWEST_BYTES_PER_SECOND = 1024;

/** What an upload's bytes go into. */
interface UploadSink extends Duplex {
  /** bytes so far */
  readonly received: number;
}

/**
 * Pipes an upload into `sink`, which fails when the client breaks off or stalls.
 * @param stallSeconds of silence, or of less than the slowest rate
 */
export function pipeRequest(request: Request, sink: UploadSink, stallSeconds: number): void {
  let receivedBefore = 0;
  /** whether the store kept the client waiting in this interval */
  let hasWaited = false;
  // the server's own time-out covers the whole upload, and would end a slow but healthy one
  const stallMs = stallSeconds * 1000;
  const { socket } = request;
  request.setTimeout(stallMs, () => {
    // while we wait for the store, we read nothing from the client
    if (!sink.writableNeedDrain) sink.destroy(new UploadStalledError());
  });
  sink.on('drain', () => {
    hasWaited = true;
    socket.setTimeout(stallMs);
  });
  // a byte now and then is not silence, yet it keeps a place that others wait for
  const pace = setInterval(() => {
    const isSlow = sink.received - receivedBefore < SLOWEST_BYTES_PER_SECOND * stallSeconds;
    if (isSlow && !hasWaited && !sink.writableNeedDrain) sink.destroy(new UploadStalledError());
    receivedBefore = sink.received;
    hasWaited = false;
  }, stallMs).unref();
  sink.once('close', () => {
    clearInterval(pace);
  });
  // not a pipeline, which would destroy the request: a refused client must be able to finish sending, see `drainUpload`
  request.pipe(sink);
  // an upload that is refused before anyone reads it has no other listener, and an unhandled error ends the process
  sink.on('error', () => undefined);
  sink.once('close', () => request.resume());
  finished(request, (error) => {
    socket.setTimeout(0);
    clearInterval(pace);
    if (error) sink.destroy(error);
  });
}
