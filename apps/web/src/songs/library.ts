import { computed, signal } from '@preact/signals';
import type { Separation, SeparationId, SeparationStatus } from '@app/separations';
import { api } from '../api/client.js';

/** newest first; those that were loaded or added */
export const songs = signal<readonly Separation[]>([]);

/** undefined before the first page is there, null behind the last */
export const nextCursor = signal<string | null | undefined>(undefined);

/** why the list could not be loaded */
export const listError = signal<unknown>(undefined);

/** the song whose mixer is open */
export const openSong = signal<SeparationId | undefined>(undefined);

/** whether the last call came through: shown while it did not */
export const isOffline = signal(false);

export const activeSongs = computed(() => songs.value.filter(({ status }) => !isOver(status)));

export function isOver(status: SeparationStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** Takes over what the server says of songs: those that are known change in place, others come in by their time. */
export function put(...changed: readonly Separation[]): void {
  const byId = new Map(songs.value.map((song) => [song.id, song]));
  for (const song of changed) byId.set(song.id, song);
  songs.value = [...byId.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}

export async function loadSongs(): Promise<void> {
  try {
    const page = await api.list(nextCursor.value ?? undefined);
    put(...page.separations);
    nextCursor.value = page.nextCursor;
    listError.value = undefined;
  } catch (error) {
    listError.value = error;
  }
}

/** What a link points to, which may be too old for the first page. */
export async function openById(id: SeparationId): Promise<void> {
  put(await api.get(id));
  openSong.value = id;
}

export async function cancelSong(id: SeparationId): Promise<void> {
  put(await api.cancel(id));
}

export async function removeSong(id: SeparationId): Promise<void> {
  await api.remove(id);
  if (openSong.value === id) openSong.value = undefined;
  songs.value = songs.value.filter((song) => song.id !== id);
}
