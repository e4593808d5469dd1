import type { Separation, SeparationId } from './contract.js';
import { call, eventsPath } from './client.js';

/** the server sends a heartbeat every 15 s: a longer silence is a broken connection */
const SILENCE_MS = 40_000;

/**
 * Yields the states of a separation until the server ends the stream. Reads server-sent events with `fetch`,
 * because an EventSource cannot send the access key. @throws ApiError, ConnectionError, or why the stream broke
 */
export async function* separationEvents(id: SeparationId, signal: AbortSignal): AsyncGenerator<Separation> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const response = await call(eventsPath(id), { signal: either, headers: { accept: 'text/event-stream' } });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  try {
    for (;;) {
      const timer = setTimeout(() => {
        silence.abort(new Error('the event stream went silent'));
      }, SILENCE_MS);
      const { value, done } = await reader.read().finally(() => {
        clearTimeout(timer);
      });
      if (done) return;
      const blocks = (buffer + value).split('\n\n');
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const state = parseState(block);
        if (state !== undefined) yield state;
      }
    }
  } finally {
    // fails only after the reader itself has failed
    await reader.cancel().catch(() => undefined);
  }
}

/** Parses one block of the stream; undefined for a heartbeat or an event with another name. */
function parseState(block: string): Separation | undefined {
  const lines = block.split('\n');
  if (!lines.includes('event: state')) return undefined;
  const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
  return data.length === 0 ? undefined : (JSON.parse(data.join('\n')) as Separation);
}
