import { signal } from '@preact/signals';

const NAME = 'access-key';

/** Kept for the session of this tab, and nowhere else. */
export const accessKey = signal<string | undefined>(sessionStorage.getItem(NAME) ?? undefined);

/** the server has refused a call for want of a key that it knows */
export const keyIsWanted = signal(false);

export function setAccessKey(key: string): void {
  sessionStorage.setItem(NAME, key);
  keyIsWanted.value = false;
  accessKey.value = key;
}

/** The page starts afresh: what it shows belongs to the key. */
export function forgetAccessKey(): void {
  sessionStorage.removeItem(NAME);
  location.replace('/');
}
