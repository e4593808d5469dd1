import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { words } from '../i18n/i18n.js';
import { Dialog } from '../ui/dialog.js';

export const isHelpOpen = signal(false);

export function HelpSheet(): JSX.Element | null {
  if (!isHelpOpen.value) return null;
  const { heading, close, keys } = words.value.help;
  const onClose = (): void => {
    isHelpOpen.value = false;
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
