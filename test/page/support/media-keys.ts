import type { Page } from 'playwright-core';

/** Records the handlers a page sets for media keys. Call it before the page loads. */
export async function watchMediaKeys(page: Page): Promise<void> {
  await page.addInitScript({ content: WATCHER });
}

/** Calls the handler, like the browser when a media key is pressed. */
export async function pressMediaKey(page: Page, action: string, seekOffset?: number): Promise<void> {
  await page.evaluate(`mediaKeys.get('${action}')({ action: '${action}', seekOffset: ${String(seekOffset)} })`);
}

const WATCHER = `
globalThis.mediaKeys = new Map();
const set = MediaSession.prototype.setActionHandler;
MediaSession.prototype.setActionHandler = function (action, handler) {
  mediaKeys.set(action, handler);
  return set.call(this, action, handler);
};
`;
