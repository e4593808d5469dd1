import type { Separation, SeparationId } from '@app/separations';
import { call, eventsPath } from './client.js';

/** the server sends a heartbeat every 15 s: silence for longer is a broken line */
const SILENCE_MS = 40_000;

/**
 * The states of a separation as they come, by server-sent events read with fetch: an EventSource cannot send the key.
 * Ends where the server ends it. @throws ApiError, ConnectionError, or what broke the line
 */
export async function* states(id: SeparationId, signal: AbortSignal): AsyncGenerator<Separation> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const answer = await call(eventsPath(id), { signal: either, headers: { accept: 'text/event-stream' } });
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const late = setTimeout(() => {
        silence.abort(new Error('the event stream fell silent'));
      }, SILENCE_MS);
      const { value, done } = await reader.read().finally(() => {
        clearTimeout(late);
      });
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const state = parseState(block);
        if (state !== undefined) yield state;
      }
    }
  } finally {
    // the reader has failed already where this fails
    await reader.cancel().catch(() => undefined);
  }
}

/** One block of an event stream; undefined for a heartbeat and for events of other names. */
export function parseState(block: string): Separation | undefined {
  const lines = block.split('\n');
  if (!lines.includes('event: state')) return undefined;
  const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
  return data.length === 0 ? undefined : (JSON.parse(data.join('\n')) as Separation);
}
