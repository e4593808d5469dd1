import { batch, effect, signal } from '@preact/signals';
import { isSeparationId, type SeparationId } from '../api/contract.js';
import { isFullWindow, listSong, openSong, showSong } from './library.js';

/** after the id of a song that has the whole window */
const FULL = '/full';

/** marks an entry of the history that has the same song in the list before it */
const WAS_IN_LIST = 'was in list';

interface Place {
  readonly id: SeparationId | undefined;
  readonly isFull: boolean;
}

/** a link must not be overwritten before it was followed once */
const wasFollowed = signal(false);

/** Each open song has its own entry in the history: its link can be copied, and Back closes it. */
export function keepRoute(): void {
  effect(() => {
    const id = openSong.value;
    if (id === undefined) isFullWindow.value = false;
    const isFull = isFullWindow.value;
    const linked = linkedPlace();
    if (!wasFollowed.value || (linked.id === id && linked.isFull === isFull)) return;
    const mark = isFull && linked.id === id ? WAS_IN_LIST : null;
    history.pushState(mark, '', id === undefined ? location.pathname : `#${id}${isFull ? FULL : ''}`);
  });
  // also after a link was pasted into the address bar
  window.addEventListener('popstate', () => void followRoute());
}

/** Gives the open song the whole window, or goes back to the list. */
export function toggleFullWindow(): void {
  if (isFullWindow.value) leaveFullWindow();
  else isFullWindow.value = true;
}

/** Goes back to the list, as Back does. */
export function leaveFullWindow(): void {
  if (!isFullWindow.value) return;
  if (history.state === WAS_IN_LIST) history.back();
  else isFullWindow.value = false;
}

/** Opens the song of the address. An outdated link shows the list only. */
export async function followRoute(): Promise<void> {
  const { id, isFull } = linkedPlace();
  if (id === undefined) {
    // other places of the page close nothing
    if (location.hash === '') openSong.value = undefined;
  } else if (await isListed(id)) {
    // the next link may be quicker
    if (linkedPlace().id === id) {
      batch(() => {
        showSong(id);
        isFullWindow.value = isFull;
      });
    }
  } else {
    history.replaceState(null, '', location.pathname);
    openSong.value = undefined;
  }
  wasFollowed.value = true;
}

async function isListed(id: SeparationId): Promise<boolean> {
  try {
    await listSong(id);
    return true;
  } catch {
    return false;
  }
}

function linkedPlace(): Place {
  const hash = location.hash.slice(1);
  const isFull = hash.endsWith(FULL);
  const id = isFull ? hash.slice(0, -FULL.length) : hash;
  return isSeparationId(id) ? { id, isFull } : { id: undefined, isFull: false };
}
