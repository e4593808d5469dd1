import { effect } from '@preact/signals';
import { activeSongs } from './library.js';
import { words } from '../i18n/i18n.js';

/** Title and icon of the tab tell how far the first song is. @returns what ends it */
export function showProgressInTab(): () => void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const plainIcon = link?.href ?? '';
  return effect(() => {
    const working = activeSongs.value.find(({ status }) => status === 'processing') ?? activeSongs.value[0];
    const { title } = words.value;
    const percent = Math.floor(working?.progress.percent ?? 0);
    document.title = working === undefined ? title : `${percent} % · ${working.fileName}`;
    if (link !== null) link.href = working === undefined ? plainIcon : ring(percent);
  });
}

function ring(percent: number): string {
  const circle = (colour: string, length: number): string =>
    `<circle cx="16" cy="16" r="12" fill="none" stroke="${colour}" stroke-width="6" pathLength="100" stroke-dasharray="${length} 100" transform="rotate(-90 16 16)"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${circle('#8886', 100)}${circle('#e0573e', percent)}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
