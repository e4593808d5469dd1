import { effect } from '@preact/signals';
import type { Separation } from '../api/contract.js';
import { messages } from '../i18n/i18n.js';
import { readyWhileHidden } from './notifications.js';
import { activeSongs, nameOf } from './library.js';

/** Shows the progress of the song that is furthest in the tab's title and icon. */
export function showProgressInTab(): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const plainIcon = link?.href ?? '';
  effect(() => {
    const song = activeSongs.value.reduce<Separation | undefined>(
      (furthest, one) => (furthest === undefined || isFurther(one, furthest) ? one : furthest),
      undefined,
    );
    const { title, percent: percentText, announcements } = messages.value;
    const ready = readyWhileHidden.value;
    const percent = Math.floor(song?.progress.percent ?? 0);
    if (ready !== undefined) document.title = announcements.completed(ready);
    else document.title = song === undefined ? title : `${percentText(percent)} · ${nameOf(song)}`;
    if (link !== null) link.href = song === undefined ? plainIcon : ringIcon(percent);
  });
}

/** A song that waits has no progress, but may come before another one. */
function isFurther(one: Separation, other: Separation): boolean {
  if (one.progress.percent !== other.progress.percent) return one.progress.percent > other.progress.percent;
  return one.createdAt < other.createdAt;
}

function ringIcon(percent: number): string {
  const circle = (color: string, length: number): string =>
    `<circle cx="16" cy="16" r="12" fill="none" stroke="${color}" stroke-width="6" pathLength="100" stroke-dasharray="${length} 100" transform="rotate(-90 16 16)"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${circle('#8886', 100)}${circle('#e0573e', percent)}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
