import type { JSX } from 'preact';

/** What went wrong in words, with the code beside it for those who ask for help. */
export function ErrorLine({ text, code }: { readonly text: string; readonly code: string }): JSX.Element {
  return (
    <p class="error" role="alert">
      {text} <code>{code}</code>
    </p>
  );
}
