import { ApiError } from '@app/client';
import { effect } from '@preact/signals';
import { api } from '../api/client.js';
import type { Separation, SeparationId } from '../api/contract.js';
import { PAGE, activeSongs, dropSong, isOffline, refreshSongs, upsertSongs } from './library.js';
import { isUploading } from './upload/uploads.js';

/** a browser opens at most six connections to a server, and the page needs others too */
const MAX_STREAMS = 3;

const POLL_MS = 3000;

/** for songs that another tab or device has added */
const REFRESH_MS = 10_000;

const streams = new Map<SeparationId, AbortController>();

/** Keeps every active song up to date: the first few by event streams, the others by polling. */
export function startLiveUpdates(): void {
  effect(() => {
    const followed = new Set(firstInLine(activeSongs.value));
    for (const [id, stream] of streams) {
      if (followed.has(id)) continue;
      streams.delete(id);
      // the stream of a finished song closes by itself
      if (isActive(id)) stream.abort();
    }
    for (const id of followed) {
      if (!streams.has(id)) void follow(id);
    }
  });
  const poll = (): void => {
    void pollOthers().finally(() => setTimeout(poll, POLL_MS));
  };
  poll();
  const refresh = (): void => {
    // an upload adds its own song
    if (document.hidden || isUploading.value) return;
    // a server that does not respond is told by the updates of the active songs
    void refreshSongs().catch(() => undefined);
  };
  document.addEventListener('visibilitychange', refresh);
  setInterval(refresh, REFRESH_MS);
}

function isActive(id: SeparationId): boolean {
  return activeSongs.value.some((song) => song.id === id);
}

function firstInLine(active: readonly Separation[]): SeparationId[] {
  const place = ({ status, queue }: Separation): number => (status === 'processing' ? 0 : (queue?.position ?? 1e6));
  return [...active]
    .sort((a, b) => place(a) - place(b))
    .slice(0, MAX_STREAMS)
    .map(({ id }) => id);
}

async function follow(id: SeparationId): Promise<void> {
  const stop = new AbortController();
  streams.set(id, stop);
  const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
  const states = api.events(id, {
    signal: stop.signal,
    maxRetryMs: Infinity,
    // a rejected key too: the user may enter another one
    shouldRetry: (error) => !isGone(error),
    onAway: (error) => {
      isOffline.value = !(error instanceof ApiError);
    },
  });
  try {
    for await (const state of states) {
      isOffline.value = false;
      upsertSongs(state);
    }
  } catch (error) {
    if (isGone(error)) dropSong(id);
    else if (!stop.signal.aborted) throw error;
  }
}

async function pollOthers(): Promise<void> {
  const others = activeSongs.value.filter(({ id }) => !streams.has(id));
  if (others.length === 0 || document.hidden) return;
  try {
    const pages = await Promise.all([
      api.list({ status: 'queued', limit: PAGE }),
      api.list({ status: 'processing', limit: PAGE }),
    ]);
    const listed = pages.flatMap(({ separations }) => separations);
    upsertSongs(...listed.filter(({ id }) => others.some((song) => song.id === id)));
    const ended = others.filter(({ id }) => !listed.some((song) => song.id === id)).slice(0, MAX_STREAMS);
    upsertSongs(...(await Promise.all(ended.map(({ id }) => api.status(id)))));
    isOffline.value = false;
  } catch (error) {
    isOffline.value = !(error instanceof ApiError);
  }
}
