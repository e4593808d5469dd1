import { signal } from '@preact/signals';
import type { JSX } from 'preact';

const text = signal('');

/** Has screen readers read out a text, once they are done with the current one. */
export function announce(announcement: string): void {
  text.value = announcement;
}

export function LiveRegion(): JSX.Element {
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}
