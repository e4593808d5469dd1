import { signal } from '@preact/signals';

const NAME = 'access-key';

/** Kept for the session of this tab, and nowhere else. */
export const accessKey = signal<string | undefined>(sessionStorage.getItem(NAME) ?? undefined);

/** the server has refused a call for want of a key that it knows */
export const keyIsWanted = signal(false);

/** The server has refused a call that was made with this key; a late answer says nothing of the key set since. */
export function refuseKey(key: string | undefined): void {
  if (key === accessKey.value) keyIsWanted.value = true;
}

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
