import { computed, signal } from '@preact/signals';
import { ApiError } from '@app/client';
import { api } from '../api/client.js';
import { isTerminal, type OwnEdit, type Separation, type SeparationId } from '../api/contract.js';

/** the songs that one call lists */
export const PAGE = 30;

/** the loaded and added songs, newest first */
export const songs = signal<readonly Separation[]>([]);

/** undefined until the first page is loaded, null after the last */
export const nextCursor = signal<string | null | undefined>(undefined);

/** why the list could not be loaded */
export const listError = signal<unknown>(undefined);

/** the song whose mixer is open */
export const openSong = signal<SeparationId | undefined>(undefined);

/** the open song has the whole window */
export const isFullWindow = signal(false);

/** the song to scroll to, once its mixer is drawn: whoever opened it wants to see it */
export const wantedSong = signal<SeparationId | undefined>(undefined);

/** the song whose title, tempo and key are being edited */
export const editedSong = signal<SeparationId | undefined>(undefined);

/** the last live update failed */
export const isOffline = signal(false);

export const activeSongs = computed(() => songs.value.filter(({ status }) => !isTerminal(status)));

/** Updates the songs that are listed, and inserts the others by their time. A list has no receipts: known ones stay. */
export function upsertSongs(...changed: readonly Separation[]): void {
  const byId = new Map(songs.value.map((song) => [song.id, song]));
  for (const song of changed) {
    const known = byId.get(song.id);
    const isSame = known?.receipt !== undefined && known.finishedAt === song.finishedAt;
    byId.set(song.id, isSame ? { receipt: known.receipt, ...song } : song);
  }
  songs.value = [...byId.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}

/** Takes a song off the list. */
export function dropSong(id: SeparationId): void {
  if (openSong.value === id) openSong.value = undefined;
  songs.value = songs.value.filter((song) => song.id !== id);
}

/** Opens the mixer of a listed song, and brings it into view. */
export function showSong(id: SeparationId): void {
  openSong.value = id;
  wantedSong.value = id;
}

/** Loads the next page of the list. */
export async function loadSongs(): Promise<void> {
  try {
    const page = await api.list({ limit: PAGE, cursor: nextCursor.value ?? undefined });
    upsertSongs(...page.separations);
    nextCursor.value = page.nextCursor;
    listError.value = undefined;
  } catch (error) {
    listError.value = error;
  }
}

/** Loads what a list leaves out of a completed song. */
export async function loadReceipt(id: SeparationId): Promise<void> {
  upsertSongs(await api.status(id));
}

/** Lists a song that may be too old for the loaded pages. */
export async function listSong(id: SeparationId): Promise<void> {
  if (!songs.value.some((song) => song.id === id)) upsertSongs(await api.status(id));
}

/** Follows what other tabs and devices add to the first page of the list, and remove from it. */
export async function refreshSongs(): Promise<void> {
  if (nextCursor.value === undefined) return;
  const before = songs.value;
  const { separations, nextCursor: next } = await api.list({ limit: PAGE });
  // an active song has live updates, which may be newer
  const active = new Set(activeSongs.value.map(({ id }) => id));
  upsertSongs(...separations.filter(({ id }) => !active.has(id)));
  const listed = new Set(separations.map(({ id }) => id));
  const oldest = next === null ? '' : (separations.at(-1)?.createdAt ?? '');
  for (const { id, createdAt } of before) {
    if (createdAt > oldest && !listed.has(id)) dropSong(id);
  }
}

/** What a song is called: as its owner says, else as its own tags do, else as its file. */
export function nameOf({ own, tags, fileName }: Pick<Separation, 'own' | 'tags' | 'fileName'>): string {
  return own?.title ?? tags?.title ?? fileName;
}

/** Sets what is the user's own. */
export async function editSong(id: SeparationId, edit: OwnEdit): Promise<void> {
  upsertSongs(await api.edit(id, edit));
}

export async function cancelSong(id: SeparationId): Promise<void> {
  upsertSongs(await api.cancel(id));
}

export async function removeSong(id: SeparationId): Promise<void> {
  try {
    await api.delete(id);
  } catch (error) {
    // removed elsewhere
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
  dropSong(id);
}
