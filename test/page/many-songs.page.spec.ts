import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { TestService } from '../support/service/test-service.js';
import { waitUntil } from '../support/wait-until.js';
import { wav } from '../support/songs/wav.js';
import { openBrowser, WatchedPage } from './support/browser.js';

/** two full pages of the list, and a third */
const SONGS = 65;
const AT_ONCE = 5;

describe('many songs on the page', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    // they wait, because there is no worker
    [service, browser] = await Promise.all([TestService.prepare(), openBrowser()]);
    await service.startApi({ MODEL: 'demo' });
    for (let first = 0; first < SONGS; first += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => first + index);
      await Promise.all(numbers.map(upload));
    }
    watched = await WatchedPage.open(browser, 'about:blank');
    page = watched.page;
    await page.addInitScript({ content: SHIFTS });
    await page.goto(service.api.url);
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  async function upload(number: number): Promise<void> {
    const song = wav({ seconds: 0.1, frequency: 200 + number });
    const { status } = await service.api.upload(song, {}, `song ${number}.wav`);
    if (status !== 202) throw new Error(`song ${number} got status ${status}`);
  }

  const cards = (): Promise<number> => page.locator('.card').count();

  it('shows the newest songs first, and the others page by page', async () => {
    await page.locator('.card').first().waitFor();
    expect(await cards()).toBe(30);
    const more = page.getByRole('button', { name: 'Show more' });
    await more.click();
    await waitUntil('the second page', async () => (await cards()) === 60);
    await more.click();
    await waitUntil('the third page', async () => (await cards()) === SONGS);
    expect(await more.count()).toBe(0);
    const names = await page.getByRole('heading', { level: 3 }).allTextContents();
    expect(new Set(names).size).toBe(SONGS);
    expect(
      names
        .slice(0, AT_ONCE)
        .map((name) => Number(/\d+/.exec(name)?.[0]))
        .sort(),
    ).toEqual([60, 61, 62, 63, 64]);
  });

  it('shows the place of each song in line', async () => {
    await page.getByText('Next in line').waitFor();
    await page.getByText(`Number ${SONGS} in line`).waitFor();
  });

  it('finds songs that are on later pages, and orders all of them', async () => {
    await page.reload();
    const names = (): Promise<string[]> => page.getByRole('heading', { level: 3 }).allTextContents();
    await page.getByRole('combobox', { name: 'Order' }).selectOption('By name');
    await waitUntil('all songs by name', async () => (await names()).join() === byName.join());
    await page.getByRole('searchbox', { name: 'Search songs' }).fill('nothing like it');
    // songs at work stay
    await page.getByText(`${SONGS} songs found`).waitFor();
    // a busy server was asked again
    expect(watched.faults.splice(0).filter((fault) => !fault.includes('503'))).toEqual([]);
  });

  it('shifts no content while it loads', async () => {
    await page.reload();
    await page.locator('.card').first().waitFor();
    await page.waitForLoadState('load');
    expect(await page.evaluate<string[]>('shifts')).toEqual([]);
    expect(watched.faults).toEqual([]);
  });

  it('shows the page without its server, and the new page of an upgraded one', async () => {
    const installed = await WatchedPage.open(browser, service.api.url, { serviceWorkers: 'allow' });
    const limit = (): Promise<string | null> =>
      installed.page.locator('meta[name=max-upload-bytes]').getAttribute('content');
    await installed.page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
    await installed.page.reload();
    await installed.page.locator('.card').first().waitFor();
    const before = await limit();
    const [server] = service.apis.splice(0);
    await server?.app.kill();
    await installed.page.reload();
    await installed.page.getByRole('heading', { name: 'Music separation' }).waitFor();
    expect(await limit()).toBe(before);
    await service.startApi({ MODEL: 'demo', PORT: String(server?.port), MAX_UPLOAD_BYTES: '1234567' });
    await installed.page.reload();
    expect(await limit()).toBe('1234567');
    const kept = await installed.page.evaluate<string[]>(`(async () => {
      const paths = [];
      for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
      return paths;
    })()`);
    const { body } = await service.api.json<{ icons: { src: string }[] }>('/manifest.webmanifest');
    for (const { src } of body.icons) {
      expect((await service.api.bytes(src)).headers.get('content-type')).toBe('image/png');
    }
    expect(kept).toContain('/');
    expect(kept.filter((path) => !/^\/(?:assets\/[^/]+\.(?:js|css|svg|wasm))?$/.test(path))).toEqual([]);
  });
});

const byName = Array.from({ length: SONGS }, (_, number) => `song ${number}.wav`);

/** Records every layout shift that does not follow an input. */
const SHIFTS = `
globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources } of list.getEntries()) {
    if (!hadRecentInput) shifts.push(value + ' ' + sources.map(({ node }) => node?.className ?? '').join(' '));
  }
}).observe({ type: 'layout-shift', buffered: true });
`;
