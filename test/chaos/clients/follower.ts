import { setTimeout as pause } from 'node:timers/promises';
import { isTerminal, type Separation } from '@app/separations';
import type { Caller } from './caller.js';

const RECONNECT_MS = 1000;
/** the service sends a heartbeat every 15 s */
const SILENCE_MS = 40_000;

export type Told = 'the end' | 'gone' | 'nothing';

/**
 * Listens to a separation's event stream as a browser does: connects again when it breaks, and stops at the end.
 * @param heard gets each state, and when its stream was asked for
 */
export async function follow(
  caller: Caller,
  id: string,
  heard: (separation: Separation, openedAt: number) => void,
): Promise<Told> {
  let last: string | undefined;
  while (!caller.signal.aborted) {
    const openedAt = Date.now();
    const ended = await listen(caller, id, last, (separation) => {
      last = separation.status;
      heard(separation, openedAt);
    }).catch(() => undefined);
    if (ended !== undefined) return ended;
    await pause(RECONNECT_MS, undefined, { signal: caller.signal }).catch(() => undefined);
  }
  return 'nothing';
}

/** @returns undefined if the stream broke before the end */
async function listen(
  caller: Caller,
  id: string,
  last: string | undefined,
  heard: (separation: Separation) => void,
): Promise<Told | undefined> {
  const silent = new AbortController();
  const timer = setTimeout(() => {
    silent.abort();
  }, SILENCE_MS);
  try {
    const headers = { ...(last === undefined ? {} : { 'last-event-id': last }) };
    const signal = AbortSignal.any([caller.signal, silent.signal]);
    const answer = await caller.client.fetch(`/v1/separations/${id}/events`, { signal, headers });
    // 204 tells a browser that it knows the end already
    if (answer.status === 204) return 'the end';
    if (answer.status === 404) return 'gone';
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel();
      return undefined;
    }
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      const events = (text + chunk).split('\n\n');
      text = events.pop() ?? '';
      for (const separation of events.flatMap(stateOf)) {
        heard(separation);
        if (isTerminal(separation.status)) return 'the end';
      }
    }
    return undefined;
  } finally {
    clearTimeout(timer);
    silent.abort();
  }
}

function stateOf(event: string): Separation[] {
  const data = /^data: (.*)$/m.exec(event)?.[1];
  return data !== undefined && /^event: state$/m.test(event) ? [JSON.parse(data) as Separation] : [];
}
