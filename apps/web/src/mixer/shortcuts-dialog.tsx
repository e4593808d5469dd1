import { effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { messages } from '../i18n/i18n.js';
import { Dialog } from '../ui/dialog.js';

export const areShortcutsOpen = signal(false);

const STORAGE_KEY = 'letter-shortcuts';

/** Whoever speaks to the computer types letters by mistake (WCAG 2.1.4). */
export const areLettersOn = signal(localStorage.getItem(STORAGE_KEY) !== 'off');

effect(() => {
  localStorage.setItem(STORAGE_KEY, areLettersOn.value ? 'on' : 'off');
});

export function ShortcutsDialog(): JSX.Element | null {
  if (!areShortcutsOpen.value) return null;
  const { heading, close, keys, letters } = messages.value.shortcuts;
  const onClose = (): void => {
    areShortcutsOpen.value = false;
  };
  return (
    <Dialog heading={heading} onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={areLettersOn.value}
          onChange={({ currentTarget }) => {
            areLettersOn.value = currentTarget.checked;
          }}
        />
        {letters}
      </label>
      <button type="button" class="primary" onClick={onClose}>
        {close}
      </button>
    </Dialog>
  );
}
