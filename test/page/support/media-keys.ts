import type { Page } from 'playwright-core';

/** Notes what a page gives to the media keys; to be started before the page is loaded. */
export async function watchMediaKeys(page: Page): Promise<void> {
  await page.addInitScript({ content: WATCHER });
}

/** Does what the browser does when the key is pressed. */
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
