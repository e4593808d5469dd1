import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { messages } from '../i18n/i18n.js';
import { Dialog } from '../ui/dialog.js';

export const areShortcutsOpen = signal(false);

export function ShortcutsDialog(): JSX.Element | null {
  if (!areShortcutsOpen.value) return null;
  const { heading, close, keys } = messages.value.shortcuts;
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
      <button type="button" class="primary" onClick={onClose}>
        {close}
      </button>
    </Dialog>
  );
}
