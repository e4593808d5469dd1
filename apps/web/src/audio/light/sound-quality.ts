import { effect, signal } from '@preact/signals';
import type { SoundQuality } from './light-choice.js';
import { Line } from './line.js';

const STORAGE_KEY = 'sound-quality';

export const SOUND_QUALITIES: readonly SoundQuality[] = ['auto', 'full', 'light'];

/** What the listener chose, in all mixers. */
export const soundQuality = signal<SoundQuality>(known(localStorage.getItem(STORAGE_KEY)));

/** of all mixers: what one has measured holds for the next */
export const line = new Line();

effect(() => {
  localStorage.setItem(STORAGE_KEY, soundQuality.value);
});

export function known(quality: string | null): SoundQuality {
  return SOUND_QUALITIES.find((one) => one === quality) ?? 'auto';
}

/** Whether the browser asks pages to save data. Not every browser can tell. */
export function savesData(): boolean {
  const { connection } = navigator as { readonly connection?: { readonly saveData?: boolean } };
  return connection?.saveData === true;
}
