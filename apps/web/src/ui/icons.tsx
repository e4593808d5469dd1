import type { JSX } from 'preact';

const PATHS = {
  play: 'M8 5.5v13l11-6.5z',
  pause: 'M7 5h3.5v14H7zM13.5 5H17v14h-3.5z',
  plus: 'M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z',
  minus: 'M5 11h14v2H5z',
  bell: 'M12 3a6 6 0 0 0-6 6v4l-2 3v1h16v-1l-2-3V9a6 6 0 0 0-6-6zM10 18h4a2 2 0 0 1-4 0z',
  close: 'M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6 10.6 12 5 6.4z',
  down: 'M11 4h2v9l3.6-3.6L18 10.8l-6 6-6-6 1.4-1.4L11 13zM5 18h14v2H5z',
  chevron: 'M6.4 8.6 12 14.2l5.6-5.6L19 10l-7 7-7-7z',
  loop: 'M7 7h9V4l5 4-5 4V9H7v3H5V9a2 2 0 0 1 2-2zm10 10H8v3l-5-4 5-4v3h9v-3h2v3a2 2 0 0 1-2 2z',
  full: 'M4 4h7v2H7.4l4.3 4.3-1.4 1.4L6 7.4V11H4zm16 16h-7v-2h3.6l-4.3-4.3 1.4-1.4 4.3 4.3V13h2z',
  unfull: 'M11 11H4V9h3.6L3.3 4.7l1.4-1.4L9 7.6V4h2zm2 2h7v2h-3.6l4.3 4.3-1.4 1.4L15 16.4V20h-2z',
  volume: 'M4 9v6h4l5 4V5L8 9zm11.5-.7v7.4a4.5 4.5 0 0 0 0-7.4z',
  balance: 'M7 7v4h10V7l5 5-5 5v-4H7v4l-5-5z',
  tools:
    'M3 6h10v2H3zm14 0h4v2h-4zm-3-2h2v6h-2zM3 11h4v2H3zm8 0h10v2H11zM8 9h2v6H8zm-5 7h10v2H3zm14 0h4v2h-4zm-3-2h2v6h-2z',
  bin: 'M9 4h6l1 2h4v2H4V6h4zM6 9h12l-1 11H7zm4 2v7h1.5v-7zm2.5 0v7H14v-7z',
  pen: 'M4 20v-4L15.5 4.5a1.4 1.4 0 0 1 2 0l2 2a1.4 1.4 0 0 1 0 2L8 20zm2-3.2V18h1.2l8.2-8.2-1.2-1.2z',
  retry: 'M12 5a7 7 0 1 1-6.7 5h2.1A5 5 0 1 0 12 7v3L7.5 6 12 2z',
  keys: 'M3 6h18v12H3zm2 2v2h2V8zm4 0v2h2V8zm4 0v2h2V8zm4 0v2h2V8zM5 14v2h2v-2zm4 0v2h6v-2zm8 0v2h2v-2zM7 11v2h2v-2zm4 0v2h2v-2zm4 0v2h2v-2z',
  link: 'M10 13a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 4.3l-1.3 1.3 1.4 1.4L14.4 5.7a2 2 0 0 1 2.9 2.9l-3 3a2 2 0 0 1-2.9 0zM14 11a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 19.7l1.3-1.3-1.4-1.4-1.3 1.3a2 2 0 0 1-2.9-2.9l3-3a2 2 0 0 1 2.9 0z',
};

/** Hidden from screen readers: the control has a text or a label too. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
