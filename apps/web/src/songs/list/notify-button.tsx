import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { messages } from '../../i18n/i18n.js';
import { Icon } from '../../ui/icons.js';
import { songs } from '../library.js';
import { canNotify, notifies, setNotifies } from '../notifications.js';

const isDenied = signal(false);

/** Offered once there are songs: the browser is asked by a press, and never before. */
export function NotifyButton(): JSX.Element | null {
  if (!canNotify || songs.value.length === 0) return null;
  const { notify, notifyHint, notifyDenied } = messages.value.list;
  const toggle = async (): Promise<void> => {
    isDenied.value = !(await setNotifies(!notifies.value));
  };
  return (
    <>
      {isDenied.value && (
        <p class="hint" role="status">
          {notifyDenied}
        </p>
      )}
      <button
        type="button"
        class="toggle"
        title={notifyHint}
        aria-label={notify}
        aria-pressed={notifies.value}
        onClick={() => void toggle()}
      >
        <Icon name="bell" />
        <span class="wide-only">{notify}</span>
      </button>
    </>
  );
}
