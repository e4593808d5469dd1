import { effect, signal } from '@preact/signals';
import type { Separation } from '../api/contract.js';
import { messages } from '../i18n/i18n.js';
import { nameOf, showSong } from './library.js';

const STORAGE_KEY = 'notify';

/** Browsers have notifications in secure contexts only, and some have none. */
export const canNotify = window.isSecureContext && 'Notification' in window;

/** The listener wants to be told when a song is ready. */
export const notifies = signal(
  canNotify && Notification.permission === 'granted' && localStorage.getItem(STORAGE_KEY) === 'on',
);

/** name of the last song that was ready while the page was hidden, for the tab */
export const readyWhileHidden = signal<string | undefined>(undefined);

effect(() => {
  localStorage.setItem(STORAGE_KEY, notifies.value ? 'on' : 'off');
});

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) readyWhileHidden.value = undefined;
});

/** Asks for the permission if the browser has not. Call it from a click only. @returns whether it was given */
export async function setNotifies(wanted: boolean): Promise<boolean> {
  notifies.value = wanted && (await Notification.requestPermission()) === 'granted';
  return notifies.value === wanted;
}

/** Tells that a song is ready, to whom cannot see the page. */
export async function tellReady(song: Separation): Promise<void> {
  if (!document.hidden) return;
  const { id } = song;
  const name = nameOf(song);
  readyWhileHidden.value = name;
  if (!notifies.value) return;
  const title = messages.value.announcements.completed(name);
  const url = new URL(`/#${id}`, location.href).href;
  try {
    const shown = new Notification(title, { tag: id });
    shown.onclick = () => {
      window.focus();
      showSong(id);
    };
  } catch {
    // phones show those of a service worker only
    const worker = await navigator.serviceWorker.getRegistration();
    await worker?.showNotification(title, { tag: id, data: url });
  }
}
