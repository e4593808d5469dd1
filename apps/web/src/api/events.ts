import type { Preview, Separation, SeparationId } from './contract.js';
import { call, eventsPath } from './client.js';

/** the server sends a heartbeat every 15 s: a longer silence is a broken connection */
const SILENCE_MS = 40_000;

/**
 * Yields the states of a separation until the server ends the stream.
 * @throws ApiError, ConnectionError, or why the stream broke
 */
export async function* separationEvents(id: SeparationId, signal: AbortSignal): AsyncGenerator<Separation> {
  for await (const { event, data } of serverEvents(eventsPath(id), signal)) {
    if (event === 'state') yield JSON.parse(data) as Separation;
  }
}

/** Asks the worker for a preview while it is read, and yields what can be heard. @throws as `separationEvents` */
export async function* previewEvents(id: SeparationId, signal: AbortSignal): AsyncGenerator<Preview> {
  for await (const { event, data } of serverEvents(`${eventsPath(id)}?preview=true`, signal)) {
    if (event === 'preview') yield JSON.parse(data) as Preview;
  }
}

interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events with `fetch`, because an EventSource cannot send the access key. */
async function* serverEvents(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const response = await call(path, { signal: either, headers: { accept: 'text/event-stream' } });
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
        const event = parseEvent(block);
        if (event !== undefined) yield event;
      }
    }
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
