import { effect } from '@preact/signals';
import type { Separation, SeparationId } from '@app/separations';
import { api } from '../api/client.js';
import { states } from '../api/events.js';
import { ApiError } from '../api/errors.js';
import { activeSongs, isOffline, put, songs } from './library.js';

/** a browser opens six connections to a server at most, and the page needs some for more than states */
const MOST_STREAMS = 3;

/** how often songs without a stream are looked at, ms */
const POLL_MS = 3000;

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

const streams = new Map<SeparationId, AbortController>();

/** Follows every song that has not ended: the first of them by event streams, the others by looking at them. */
export function watchSongs(): void {
  effect(() => {
    const followed = new Set(firstInLine(activeSongs.value));
    for (const [id, stream] of streams) {
      if (followed.has(id)) continue;
      streams.delete(id);
      // one that has ended closes by itself
      if (activeSongs.value.some((song) => song.id === id)) stream.abort();
    }
    for (const id of followed) {
      if (!streams.has(id)) void follow(id);
    }
  });
  const look = (): void => {
    void lookAtOthers().finally(() => setTimeout(look, POLL_MS));
  };
  look();
}

function firstInLine(active: readonly Separation[]): SeparationId[] {
  const place = ({ status, queue }: Separation): number => (status === 'processing' ? 0 : (queue?.position ?? 1e6));
  return [...active]
    .sort((a, b) => place(a) - place(b))
    .slice(0, MOST_STREAMS)
    .map(({ id }) => id);
}

async function follow(id: SeparationId): Promise<void> {
  const stop = new AbortController();
  streams.set(id, stop);
  let wait = SHORTEST_WAIT_MS;
  const isStopped = (): boolean => stop.signal.aborted;
  while (!isStopped()) {
    try {
      for await (const state of states(id, stop.signal)) {
        isOffline.value = false;
        wait = SHORTEST_WAIT_MS;
        put(state);
      }
      // the server ends the stream behind the last state, and when it is stopped
      if (!activeSongs.value.some((song) => song.id === id)) return;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        songs.value = songs.value.filter((song) => song.id !== id);
        return;
      }
      isOffline.value = !isStopped() && !(error instanceof ApiError);
    }
    await pause(wait, stop.signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

async function lookAtOthers(): Promise<void> {
  const others = activeSongs.value.filter(({ id }) => !streams.has(id));
  if (others.length === 0 || document.hidden) return;
  try {
    const pages = await Promise.all([api.list(undefined, 'queued'), api.list(undefined, 'processing')]);
    const listed = pages.flatMap(({ separations }) => separations);
    put(...listed.filter(({ id }) => others.some((song) => song.id === id)));
    const ended = others.filter(({ id }) => !listed.some((song) => song.id === id)).slice(0, MOST_STREAMS);
    put(...(await Promise.all(ended.map(({ id }) => api.get(id)))));
    isOffline.value = false;
  } catch (error) {
    isOffline.value = !(error instanceof ApiError);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
