import { signal } from '@preact/signals';

const STORAGE_KEY = 'access-key';

/** Kept in this tab's session only. */
export const accessKey = signal<string | undefined>(sessionStorage.getItem(STORAGE_KEY) ?? undefined);

/** The server has rejected the current key, or requires one. */
export const needsAccessKey = signal(false);

/** Marks a key as rejected. A late answer to an earlier key is ignored. */
export function rejectKey(key: string | undefined): void {
  if (key === accessKey.value) needsAccessKey.value = true;
}

export function setAccessKey(key: string): void {
  sessionStorage.setItem(STORAGE_KEY, key);
  needsAccessKey.value = false;
  accessKey.value = key;
}

/** Reloads the page too: everything on it belongs to the key. */
export function forgetAccessKey(): void {
  sessionStorage.removeItem(STORAGE_KEY);
  location.replace('/');
}
