import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { objectKeys, type FailureCode, type Separation, type SeparationId } from '@app/separations';
import { makeSong } from '../support/songs/songs.js';
import { slowEngine } from '../support/service/slow-engine.js';
import { TestService } from '../support/service/test-service.js';
import { waitUntil } from '../support/wait-until.js';
import { violations } from './support/axe.js';
import { openBrowser, WatchedPage } from './support/browser.js';
import { pressMediaKey, watchMediaKeys } from './support/media-keys.js';

describe('the states of the page', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    [service, browser] = await Promise.all([TestService.start({ env: slowEngine(1.5) }), openBrowser()]);
    // axe is a script of the spec
    watched = await WatchedPage.open(browser, 'about:blank', { bypassCSP: true });
    page = watched.page;
    await watchMediaKeys(page);
    await page.goto(service.api.url);
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  const card = (name: string): Locator =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });
  const song = async (seconds: number, variant: number): Promise<Buffer> =>
    readFile(await makeSong(service.folder, seconds, variant));
  const separation = async (fileName: string): Promise<Separation> => {
    const { body } = await service.api.json<{ separations: Separation[] }>('/v1/separations');
    const found = body.separations.find((one) => one.fileName === fileName);
    if (found === undefined) throw new Error(`the server has no ${fileName}`);
    return found;
  };
  /** Runs axe in both languages; leaves the page in English. */
  const allViolations = async (): Promise<string[]> => {
    const english = await violations(page);
    await page.getByRole('button', { name: 'Deutsch' }).click();
    const german = await violations(page);
    await page.getByRole('button', { name: 'English' }).click();
    return [...english, ...german];
  };

  it('separates a pasted song with the chosen model, stems and formats', async () => {
    await page.getByText('Options').click();
    const model = page.getByRole('combobox', { name: 'Model' });
    expect(await model.locator('option').allTextContents()).toEqual(
      expect.arrayContaining(
        ['demo: for a first try, very fast', 'htdemucs_ft: clearer stems, takes 4× as long · not installed'].map(
          (text) => expect.stringContaining(text),
        ),
      ),
    );
    for (const stem of ['Drums', 'Bass', 'Other']) await page.getByRole('checkbox', { name: stem }).uncheck();
    await page.getByRole('checkbox', { name: 'Instrumental' }).check();
    await page.getByRole('checkbox', { name: 'MP3' }).check();
    await page.getByRole('checkbox', { name: 'FLAC' }).uncheck();
    await watched.paste({ name: 'pasted.mp3', bytes: await song(15, 1) });
    await page.getByRole('button', { name: 'Close the mixer: pasted.mp3' }).waitFor();
    expect(await separation('pasted.mp3')).toMatchObject({ stems: ['vocals', 'instrumental'], formats: ['mp3'] });
    expect(await page.getByRole('group', { name: 'Instrumental' }).count()).toBe(1);
    expect(await allViolations()).toEqual([]);
  });

  it('remembers the options, and changes them back', async () => {
    await page.reload();
    await page.getByText('Options').click();
    expect(await page.getByRole('checkbox', { name: 'Bass' }).isChecked()).toBe(false);
    for (const stem of ['Drums', 'Bass', 'Other']) await page.getByRole('checkbox', { name: stem }).check();
    await page.getByRole('checkbox', { name: 'Instrumental' }).uncheck();
    expect(await page.locator('.options-now').textContent()).toContain('Vocals, Drums, Bass, Other');
    await page.getByText('Options').click();
  });

  it('plays with the space bar after a click on a button, which keeps the focus', async () => {
    await page.getByRole('button', { name: 'Close the mixer: pasted.mp3' }).click();
    await page.getByRole('button', { name: 'Open the mixer: pasted.mp3' }).click();
    await page.locator('.mixer').waitFor();
    for (const name of ['Pause', 'Play']) {
      await page.keyboard.press('Space');
      await page.getByRole('button', { name, exact: true }).waitFor();
    }
    const mute = page.getByRole('button', { name: 'Mute Vocals' });
    await mute.click();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    expect(await mute.getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('Space');
    await mute.click();
  });

  it('plays, pauses and seeks with the media keys', async () => {
    await page.locator('.mixer').waitFor();
    const isOn = (name: string): Promise<boolean> =>
      page
        .getByRole('button', { name, exact: true })
        .waitFor()
        .then(() => true);
    const second = async (): Promise<number> =>
      Number(await page.getByRole('slider', { name: 'Position' }).inputValue());
    await pressMediaKey(page, 'play');
    expect(await isOn('Pause')).toBe(true);
    await waitUntil('the song to play', async () => (await second()) >= 1, { deadlineMs: 20_000 });
    expect(await page.evaluate<string>('navigator.mediaSession.metadata.title')).toBe('pasted.mp3');
    expect(await page.evaluate<string>('navigator.mediaSession.playbackState')).toBe('playing');
    await pressMediaKey(page, 'pause');
    expect(await isOn('Play')).toBe(true);
    const before = await second();
    await pressMediaKey(page, 'seekforward', 8);
    await waitUntil('the jump forwards', async () => (await second()) >= before + 7);
    await pressMediaKey(page, 'seekbackward');
    await waitUntil('the jump back', async () => (await second()) <= before);
  });

  it('has no violations with refused, canceled and active songs, and offline, in both languages', async () => {
    await watched.drop(
      { name: 'letter.pdf', bytes: Buffer.from('%PDF'), type: 'application/pdf' },
      { name: 'cancelled.mp3', bytes: await song(20, 2) },
    );
    await page.getByRole('button', { name: 'Cancel: cancelled.mp3' }).click();
    await card('cancelled.mp3').getByText('Canceled', { exact: true }).waitFor();
    await watched.drop({ name: 'at work.mp3', bytes: await song(60, 3) });
    await page.getByRole('button', { name: 'Cancel: at work.mp3' }).waitFor();
    expect(await allViolations()).toEqual([]);
    const { id } = await separation('cancelled.mp3');
    const [server] = service.apis.splice(0);
    await server?.app.kill();
    await page.getByText('The server is not responding').waitFor();
    expect(await allViolations()).toEqual([]);
    await fail(id, 'out_of_memory');
    await service.startApi({ PORT: String(server?.port) });
  });

  /** Marks a song as failed, like a worker that could not separate it. */
  async function fail(id: SeparationId, code: FailureCode): Promise<void> {
    const path = join(service.folder, 'objects', objectKeys.separation(id), 'request.json');
    const request = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const outcome = { state: 'failed', at: new Date().toISOString(), failure: { code, message: 'it failed' } };
    await writeFile(path, JSON.stringify({ ...request, outcome }));
  }

  it('says why a song failed, with the code beside it', async () => {
    await page.reload();
    await card('cancelled.mp3').getByText('needs more memory than the server has').waitFor();
    expect(await card('cancelled.mp3').getByRole('alert').locator('code').textContent()).toBe('out_of_memory');
    await page.getByRole('button', { name: 'Try again: cancelled.mp3' }).waitFor();
    expect(await allViolations()).toEqual([]);
  });

  it('offers to try again only where that can help', async () => {
    const { id } = await separation('cancelled.mp3');
    const [server] = service.apis.splice(0);
    await server?.app.kill();
    await fail(id, 'undecodable_audio');
    await service.startApi({ PORT: String(server?.port) });
    await page.reload();
    await card('cancelled.mp3').getByText('could not be read to the end').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });
});
