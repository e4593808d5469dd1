import type { JSX } from 'preact';
import { problemText } from '../i18n/problem-text.js';

interface ErrorLineProps {
  /** what failed, before the reason */
  readonly intro?: string;
  readonly code: string;
}

/** Says what went wrong, and shows the code for whoever is asked for help. */
export function ErrorLine({ intro, code }: ErrorLineProps): JSX.Element {
  return (
    <p class="error" role="alert">
      {intro} {problemText(code)} <code>{code}</code>
    </p>
  );
}
