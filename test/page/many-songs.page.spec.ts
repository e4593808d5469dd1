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

  it('shifts no content while it loads', async () => {
    await page.reload();
    await page.locator('.card').first().waitFor();
    await page.waitForLoadState('load');
    expect(await page.evaluate<string[]>('shifts')).toEqual([]);
    expect(watched.faults).toEqual([]);
  });
});

/** Records every layout shift that does not follow an input. */
const SHIFTS = `
globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources } of list.getEntries()) {
    if (!hadRecentInput) shifts.push(value + ' ' + sources.map(({ node }) => node?.className ?? '').join(' '));
  }
}).observe({ type: 'layout-shift', buffered: true });
`;
