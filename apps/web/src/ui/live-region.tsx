import { signal } from '@preact/signals';
import type { JSX } from 'preact';

const said = signal('');

/** Tells it to readers of the screen, politely. */
export function announce(text: string): void {
  said.value = text;
}

export function Announcer(): JSX.Element {
  return (
    <p class="unseen" role="status" aria-live="polite">
      {said}
    </p>
  );
}
