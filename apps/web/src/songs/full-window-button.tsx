import type { JSX } from 'preact';
import { messages } from '../i18n/i18n.js';
import { Icon } from '../ui/icons.js';
import { isFullWindow } from './library.js';
import { toggleFullWindow } from './route.js';

/** Opens a song in the whole window, and brings the list back. */
export function FullWindowButton({ song }: { readonly song: string }): JSX.Element {
  const { full, leaveFull, nameOf } = messages.value.song;
  const isFull = isFullWindow.value;
  const action = isFull ? leaveFull : full;
  return (
    <button
      type="button"
      class="quiet round wide-only"
      title={`${action} (F)`}
      aria-label={nameOf(action, song)}
      onClick={toggleFullWindow}
    >
      <Icon name={isFull ? 'unfull' : 'full'} />
    </button>
  );
}
