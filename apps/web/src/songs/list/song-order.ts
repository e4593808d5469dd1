import { computed, signal } from '@preact/signals';
import { delay } from '../../api/delay.js';
import { isTerminal, type Separation } from '../../api/contract.js';
import { loadSongs, nameOf, nextCursor, openSong, songs } from '../library.js';

export const ORDERS = ['newest', 'oldest', 'name', 'length'] as const;
export type Order = (typeof ORDERS)[number];

/** a server that is busy is asked again */
const MAX_FAILURES = 4;
const RETRY_MS = 1000;

export const query = signal('');
export const order = signal<Order>('newest');

const COMPARE: Readonly<Record<Exclude<Order, 'newest'>, (one: Separation, other: Separation) => number>> = {
  oldest: (one, other) => one.createdAt.localeCompare(other.createdAt),
  name: (one, other) => nameOf(one).localeCompare(nameOf(other), undefined, { numeric: true }),
  length: (one, other) => (other.durationSeconds ?? 0) - (one.durationSeconds ?? 0),
};

/** The songs that match, in the chosen order. A song at work and the open one are always among them. */
export const shownSongs = computed(() => {
  const words = plain(query.value).split(/\s+/);
  const found = songs.value.filter(
    (song) =>
      openSong.value === song.id ||
      !isTerminal(song.status) ||
      words.every((word) => plain(`${nameOf(song)} ${song.fileName} ${song.model}`).includes(word)),
  );
  return order.value === 'newest' ? found : found.sort(COMPARE[order.value]);
});

let loading: Promise<void> | undefined;

/** Loads the pages that are missing: a search and an order are about all songs. */
export function loadAllSongs(): Promise<void> {
  loading ??= loadPages().finally(() => {
    loading = undefined;
  });
  return loading;
}

async function loadPages(): Promise<void> {
  const never = new AbortController().signal;
  for (let failures = 0; typeof nextCursor.value === 'string' && failures < MAX_FAILURES;) {
    const cursor = nextCursor.value;
    await loadSongs();
    failures = nextCursor.value === cursor ? failures + 1 : 0;
    // the list shows why
    if (failures > 0) await delay(RETRY_MS * failures, never);
  }
}

/** Without case and accents. */
function plain(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
