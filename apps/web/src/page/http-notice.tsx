import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { messages } from '../i18n/i18n.js';

const STORAGE_KEY = 'http-notice';

/** Browsers count this machine as secure, also over http. */
const isDismissed = signal(window.isSecureContext || localStorage.getItem(STORAGE_KEY) === 'dismissed');

/** Says what https would add to a page that came over plain http. Everything else works without it. */
export function HttpNotice(): JSX.Element | null {
  if (isDismissed.value) return null;
  const { text, dismiss } = messages.value.httpNotice;
  return (
    <div class="notice notice-row" role="note">
      <p>{text}</p>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          localStorage.setItem(STORAGE_KEY, 'dismissed');
          isDismissed.value = true;
        }}
      >
        {dismiss}
      </button>
    </div>
  );
}
