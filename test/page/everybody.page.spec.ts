import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Analysis, Separation } from '@app/separations';
import { keyLine } from '../support/service/in-process-api.js';
import { TestService } from '../support/service/test-service.js';
import { waitUntil } from '../support/wait-until.js';
import { violations } from './support/axe.js';
import { openBrowser, WatchedPage } from './support/browser.js';

const KEY = 'a key for the page';
const asAnn = { headers: { 'x-api-key': KEY } };

describe('accessibility of the page', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    service = await TestService.prepare();
    const keys = join(service.folder, 'keys');
    await writeFile(keys, keyLine('ann', KEY));
    [browser] = await Promise.all([openBrowser(), service.startApi({ API_KEYS_FILE: keys }), service.startWorker()]);
    watched = await WatchedPage.open(browser, service.api.url, { bypassCSP: true });
    page = watched.page;
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  /** Presses Tab until the control has the focus, like someone without a mouse. */
  async function tabTo(name: RegExp): Promise<void> {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press('Tab');
      const label = await page.evaluate<string>(
        `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`,
      );
      if (name.test(label)) return;
    }
    throw new Error(`${String(name)} cannot be reached with Tab`);
  }

  it('asks for a required access key, and says when it is wrong', async () => {
    await page.getByRole('textbox', { name: 'Access key' }).fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('The server does not recognize this key').waitFor();
    expect(await page.getByRole('dialog').getByRole('alert').textContent()).toContain('does not recognize');
    expect(await violations(page)).toEqual([]);
    // the second one closes any dialog
    for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('Escape');
    await page.getByRole('textbox', { name: 'Access key' }).fill(KEY);
    const models = page.waitForResponse((answer) => answer.url().endsWith('/v1/models') && answer.ok());
    await page.keyboard.press('Enter');
    await page.getByText('Your songs will appear here').waitFor();
    // a reload would break it off
    await models;
    // the browser logs the refusals, maybe late
    await page.waitForLoadState('networkidle');
    await page.reload();
    await page.getByText('Your songs will appear here').waitFor();
    expect(watched.faults.splice(0).filter((fault) => !fault.includes('401'))).toEqual([]);
  });

  it('has no violations when empty, with open options and open shortcuts', async () => {
    expect(await violations(page)).toEqual([]);
    await page.getByText('Options').click();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Shortcuts' }).click();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close' }).click();
  });

  it('can be used with the keyboard alone, with an access key', async () => {
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    await tabTo(/^Try the demo song/);
    await page.keyboard.press('Enter');
    await page.locator('.bar').first().waitFor();
    const working = await violations(page);
    // the song is complete
    await page.getByRole('button', { name: 'This mix' }).waitFor();
    await tabTo(/^Play$/);
    await page.keyboard.press('Space');
    await page.getByText('0:01', { exact: true }).waitFor();
    await tabTo(/^Mute Drums/);
    await page.keyboard.press('Space');
    expect(await page.getByRole('button', { name: 'Mute Drums' }).getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('l');
    await page.getByRole('slider', { name: 'Loop end' }).waitFor();
    await page.getByRole('slider', { name: 'Loop end' }).focus();
    const end = Number(await page.getByRole('slider', { name: 'Loop end' }).getAttribute('aria-valuenow'));
    await page.keyboard.press('ArrowRight');
    const moved = Number(await page.getByRole('slider', { name: 'Loop end' }).getAttribute('aria-valuenow'));
    expect(moved).toBeCloseTo(end + 1, 1);
    await tabTo(/^This mix/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(download.suggestedFilename()).toBe('Small Hours of the Machine (mix).flac');
    await tabTo(/^Vocals$/);
    const [stem] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(stem.suggestedFilename()).toBe('Small Hours of the Machine (vocals).flac');
    expect(addresses.filter((address) => decodeURIComponent(address).includes(KEY))).toEqual([]);
    expect(working).toEqual([]);
  });

  it('tells tempo and key of the song as it is played, and offers that mix', async () => {
    // the demo song was written so
    await page.getByText('104 BPM', { exact: true }).waitFor();
    await page.getByText(/^A major/).waitFor();
    await page.getByRole('slider', { name: 'Speed' }).press('End');
    await page.getByText('208 BPM', { exact: true }).waitFor();
    await page.getByRole('slider', { name: 'Transpose' }).press('ArrowRight');
    await page.getByText(/^B♭ major/).waitFor();
    await page.getByRole('slider', { name: 'Fine tuning' }).press('Home');
    const asked = page.waitForRequest((request) => request.url().includes('/mix.flac'));
    await page.getByRole('button', { name: 'This mix at 200%, +0.50 semitones' }).click();
    const query = new URL((await asked).url()).searchParams;
    expect([query.get('speed'), query.get('semitones')]).toEqual(['2', '0.5']);
    for (const reset of ['normal speed', 'the key of the song', 'the tuning of the song']) {
      await page.getByRole('button', { name: `Reset to ${reset}` }).click();
    }
    expect(await page.getByRole('button', { name: /^This mix at/ }).count()).toBe(0);
    // nobody wants it any longer
    await waitUntil('the rendering is given up', () => watched.faults.some((fault) => fault.includes('speed=2')));
    expect(watched.faults.splice(0)).toHaveLength(1);
  });

  it('takes an own title, tempo and key by the keyboard, and gives them back', async () => {
    await tabTo(/Double the tempo$/);
    await page.keyboard.press('Enter');
    await page.getByText('208 BPM', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Edit: / }).focus();
    await page.keyboard.press('Enter');
    const field = (name: string): Locator => page.getByRole('dialog').getByLabel(name);
    expect(await field('Tempo in BPM').inputValue()).toMatch(/^208/);
    expect(await violations(page)).toEqual([]);
    await field('Title').fill('Tea for one');
    await field('Key').selectOption('Eb minor');
    await field('Key').press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Tea for one' }).waitFor();
    await page.getByText('E♭ minor', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Edit: Tea for one' }).click();
    await field('Title').fill('');
    await field('Tempo in BPM').fill('');
    await field('Key').selectOption('As measured');
    await field('Title').press('Enter');
    await page.getByText('104 BPM', { exact: true }).waitFor();
    await page.getByText(/^A major/).waitFor();
    await page.getByRole('heading', { name: 'Tea for one' }).waitFor({ state: 'detached' });
  });

  it('shows the beats, and lets a loop that is dragged snap to them', async () => {
    expect(await page.locator('.beat').count()).toBeGreaterThan(20);
    const box = await page.locator('.ruler').boundingBox();
    if (box === null) throw new Error('the ruler is not drawn');
    const [left, y] = [box.x, box.y + box.height / 2];
    await page.mouse.move(left + 0.3 * box.width, y);
    await page.mouse.down();
    await page.mouse.move(left + 0.6 * box.width, y, { steps: 4 });
    await page.mouse.up();
    const { body } = await service.api.json<{ separations: Separation[] }>('/v1/separations', asAnn);
    const path = `/v1/separations/${body.separations[0]?.id ?? ''}/analysis`;
    const { body: analysis } = await service.api.json<Analysis>(path, asAnn);
    for (const edge of ['start', 'end']) {
      const seconds = Number(await page.getByRole('slider', { name: `Loop ${edge}` }).getAttribute('aria-valuenow'));
      const distances = analysis.tempo?.beats.map((beat) => Math.abs(beat - seconds)) ?? [];
      // the page tells tenths
      expect(Math.min(...distances)).toBeLessThan(0.051);
    }
    await page.keyboard.press('l');
  });

  it('has no violations with the mixer, its receipt, a solo and the original', async () => {
    await page.getByText('Receipt', { exact: true }).click();
    await page.keyboard.press('1');
    await page.keyboard.press('s');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Original' }).click();
    expect(await violations(page)).toEqual([]);
  });

  it.each([320, 390, 1280, 3840])('does not scroll sideways at %i px, in English and German', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    const other = page.getByRole('button', { name: /^(Deutsch|English)$/ });
    for (let language = 0; language < 2; language += 1) {
      await other.click();
      await waitUntil(
        `no overflow at ${width} px`,
        () => page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
        { deadlineMs: 1000 },
      );
    }
  });

  it('works at 200 % text size on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.addStyleTag({ content: 'html { font-size: 200% !important }' });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  });

  it('logs no faults, and forbids inline scripts', async () => {
    expect(watched.faults).toEqual([]);
    const { headers } = await service.api.bytes('/');
    const policy = headers.get('content-security-policy')?.replace("'wasm-unsafe-eval'", '');
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-cache');
  });
});
