import type { Caller } from '../caller.js';
import { ConnectionError } from '../errors.js';

/** the server sends a heartbeat every 15 s: a longer silence is a broken connection */
const SILENCE_MS = 40_000;

interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events with `fetch`, because an EventSource cannot send the access key. Ends with the stream.
 * @throws ApiError, ConnectionError also when the stream breaks or goes silent, the signal's reason after an abort
 */
export async function* serverEvents(caller: Caller, path: string, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
  const silence = new AbortController();
  const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const response = await caller.call(path, { signal: either, headers: { accept: 'text/event-stream' } });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  try {
    for (;;) {
      const timer = setTimeout(() => {
        silence.abort(new ConnectionError('The event stream went silent.'));
      }, SILENCE_MS);
      const { value, done } = await reader.read().finally(() => {
        clearTimeout(timer);
      });
      if (done) return;
      const blocks = (buffer + value).split('\n\n');
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ConnectionError ? error : caller.unreachable(error);
  } finally {
    // fails only after the reader itself has failed
    await reader.cancel().catch(() => undefined);
  }
}

/** Parses one block of the stream; undefined for a heartbeat. */
function parseEvent(block: string): ServerEvent | undefined {
  const lines = block.split('\n');
  const field = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
  const [event] = field('event');
  const data = field('data');
  return event === undefined || data.length === 0 ? undefined : { event, data: data.join('\n') };
}
