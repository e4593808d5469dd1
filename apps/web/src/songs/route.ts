import { effect, signal } from '@preact/signals';
import { isSeparationId, type SeparationId } from '../api/contract.js';
import { listSong, openSong, showSong } from './library.js';

/** a link must not be overwritten before it was followed once */
const wasFollowed = signal(false);

/** Each open song has its own entry in the history: its link can be copied, and Back closes it. */
export function keepRoute(): void {
  effect(() => {
    const id = openSong.value;
    if (wasFollowed.value && linkedId() !== id)
      history.pushState(null, '', id === undefined ? location.pathname : `#${id}`);
  });
  // also after a link was pasted into the address bar
  window.addEventListener('popstate', () => void followRoute());
}

/** Opens the song of the address. An outdated link shows the list only. */
export async function followRoute(): Promise<void> {
  const id = linkedId();
  if (id === undefined) {
    // other places of the page close nothing
    if (location.hash === '') openSong.value = undefined;
  } else if (await isListed(id)) {
    // the next link may be quicker
    if (linkedId() === id) showSong(id);
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

function linkedId(): SeparationId | undefined {
  const id = location.hash.slice(1);
  return isSeparationId(id) ? id : undefined;
}
