import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { TestService } from '../support/service/test-service.js';
import { ffmpeg } from '../support/songs/songs.js';
import { wav } from '../support/songs/wav.js';
import { waitUntil } from '../support/wait-until.js';
import { openBrowser, WatchedPage } from './support/browser.js';

const song = (frequency: number): Buffer => wav({ seconds: 1, frequency });

describe('the library on the page', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    [service, browser] = await Promise.all([TestService.start(), openBrowser()]);
    watched = await WatchedPage.open(browser, service.api.url);
    page = watched.page;
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  const card = (name: string): Locator =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });

  it('uploads the songs of a batch in their order', async () => {
    const letters = ['a', 'b', 'c', 'd'];
    // the first ones stay on their way, and the others wait
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/v1/separations', async (route) => {
      await held;
      await route.continue();
    });
    await watched.drop(
      ...letters.map((name, at) => ({ name: `${name}.wav`, bytes: song(200 + at), type: 'audio/wav' })),
    );
    await card('d.wav').getByText('Waiting to upload').waitFor();
    await card('c.wav').getByText('Waiting to upload').waitFor();
    expect(await page.getByText('Waiting to upload').count()).toBe(2);
    release();
    for (const name of letters) await page.getByRole('button', { name: `the mixer: ${name}.wav` }).waitFor();
    await page.unroute('**/v1/separations');
  });

  it('asks before a reload would lose an upload', async () => {
    await page.route('**/v1/separations', () => undefined);
    await watched.drop({ name: 'lost.wav', bytes: song(300), type: 'audio/wav' });
    await card('lost.wav').waitFor();
    // a browser asks only after the user has done something on the page
    await page.getByText('Drop songs anywhere').click();
    const asked = page.waitForEvent('dialog');
    await page.evaluate('void setTimeout(() => location.reload())');
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await page.getByRole('button', { name: 'Cancel upload: lost.wav' }).click();
    await page.unroute('**/v1/separations');
    watched.faults.splice(0);
  });

  it('says that it has a song already, and shows it', async () => {
    await watched.drop({ name: 'a.wav', bytes: song(200), type: 'audio/wav' });
    const known = card('a.wav').getByText('You already have this song');
    await known.waitFor();
    await page.getByRole('button', { name: 'Show: a.wav' }).click();
    await known.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Close the mixer: a.wav' }).waitFor();
  });

  it('opens and closes a song at the arrow, at every width', async () => {
    for (const width of [390, 1280, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      const arrow = card('b.wav').locator('.chevron');
      await arrow.scrollIntoViewIfNeeded();
      const box = await arrow.boundingBox();
      if (box === null) throw new Error('the arrow is not drawn');
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await page.getByRole('button', { name: 'Close the mixer: b.wav' }).waitFor();
      await page.getByRole('button', { name: 'Close the mixer: b.wav' }).press('Enter');
      await page.getByRole('button', { name: 'Open the mixer: b.wav' }).waitFor();
    }
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('gives each open song a place in the history, and follows a pasted link', async () => {
    await page.getByRole('button', { name: 'Open the mixer: a.wav' }).click();
    const link = await page.evaluate<string>('location.hash');
    await page.getByRole('button', { name: 'Open the mixer: b.wav' }).click();
    await page.goBack();
    await page.getByRole('button', { name: 'Close the mixer: a.wav' }).waitFor();
    await page.goForward();
    await page.getByRole('button', { name: 'Close the mixer: b.wav' }).waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(link)}`);
    await page.getByRole('button', { name: 'Close the mixer: a.wav' }).waitFor();
  });

  it('opens a song in the whole window, until Escape or Back', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    const list = page.getByRole('heading', { name: 'Songs', exact: true });
    const isFull = async (): Promise<boolean> => (await page.locator('.mixer').boundingBox())?.width === 1280;
    const enter = page.getByRole('button', { name: 'Use the whole window: a.wav' });
    for (const leave of ['Escape', 'Back', 'the button'] as const) {
      await enter.click();
      await waitUntil('the mixer takes the window', isFull);
      expect(await list.isVisible()).toBe(false);
      if (leave === 'Escape') await page.keyboard.press('Escape');
      else if (leave === 'Back') await page.goBack();
      else await page.getByRole('button', { name: 'Back to the list: a.wav' }).click();
      await list.waitFor();
      await enter.waitFor();
      expect(await isFull()).toBe(false);
    }
    // each time, one entry of the history came and went
    await page.goForward();
    await waitUntil('the mixer takes the window', isFull);
    await page.reload();
    await waitUntil('the mixer takes the window', isFull);
    await page.goBack();
    await enter.waitFor();
  });

  it('remembers the mix of a song', async () => {
    const volume = page.getByRole('slider', { name: 'Volume Drums' });
    const mute = page.getByRole('button', { name: 'Mute Bass' });
    await volume.fill('40');
    await mute.click();
    await page.getByRole('button', { name: 'Loop', exact: true }).click();
    await page.getByRole('button', { name: 'Close the mixer: a.wav' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Open the mixer: a.wav' }).click();
    await volume.waitFor();
    expect(await volume.inputValue()).toBe('40');
    expect(await mute.getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('slider', { name: 'Loop end' }).waitFor();
    await page.getByRole('button', { name: 'Open the mixer: b.wav' }).click();
    await waitUntil('the mix of another song', async () => (await volume.inputValue()) === '100');
    await page.goBack();
    await waitUntil('the mix of before', async () => (await volume.inputValue()) === '40');
  });

  it('gives a stem to whom it is dragged to, as a file', async () => {
    const dragged = (selector: string): Promise<string> =>
      page.evaluate<string>(`(() => {
        const event = new DragEvent('dragstart', { dataTransfer: new DataTransfer(), bubbles: true });
        document.querySelector(${JSON.stringify(selector)}).dispatchEvent(event);
        return event.dataTransfer.getData('DownloadURL');
      })()`);
    const [type, name, ...url] = (await dragged('.lane[data-stem=bass] .lane-name')).split(':');
    expect([type, name]).toEqual(['audio/flac', 'a (bass).flac']);
    expect((await service.api.bytes(new URL(url.join(':')).pathname)).status).toBe(200);
    expect(await dragged('.downloads a[href*="bass.flac"]')).toBe([type, name, ...url].join(':'));
  });

  it('tells that a song is ready to whom looks elsewhere, after a press', async () => {
    await page.context().grantPermissions(['notifications']);
    const notify = page.getByRole('button', { name: 'Notify me' });
    await notify.click();
    await waitUntil('the permission', async () => (await notify.getAttribute('aria-pressed')) === 'true');
    const show = (isHidden: boolean): Promise<void> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${String(isHidden)} });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await page.evaluate(`globalThis.told = [];
      globalThis.Notification = class extends Notification {
        constructor(title, options) { super(title, options); told.push(title); }
      }`);
    await show(true);
    await watched.drop({ name: 'ready.wav', bytes: song(600), type: 'audio/wav' });
    await waitUntil('the title of the tab', async () => (await page.title()) === 'ready.wav is ready');
    await waitUntil(
      'a notification',
      async () => (await page.evaluate<string>('told.join()')) === 'ready.wav is ready',
    );
    await show(false);
    await waitUntil('the title of before', async () => (await page.title()) === 'Music separation');
  });

  it('brings the mixer of a link into view', async () => {
    await page.setViewportSize({ width: 1280, height: 420 });
    await page.reload();
    await page.locator('.mixer').waitFor();
    await waitUntil('the open card is at the top, or all of it is seen', async () => {
      const { y, height } = (await page.locator('.card-open').boundingBox()) ?? { y: -1, height: 0 };
      return Math.abs(y) < 2 || (y >= 0 && y + height <= 420);
    });
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('takes the songs of a dropped folder', async () => {
    const album = join(service.folder, 'album');
    await mkdir(join(album, 'disc 2'), { recursive: true });
    await writeFile(join(album, 'first.wav'), song(400));
    await writeFile(join(album, 'cover.jpg'), 'a picture');
    await writeFile(join(album, 'disc 2', 'second.wav'), song(401));
    const devtools = await page.context().newCDPSession(page);
    const data = { items: [], files: [album], dragOperationsMask: 1 };
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop'): Promise<unknown> =>
      devtools.send('Input.dispatchDragEvent', { type, x: 400, y: 200, data });
    await drag('dragEnter');
    await drag('dragOver');
    // a browser drops nothing before the page has accepted the drag
    await page.getByText('Drop to separate').waitFor();
    await drag('dragOver');
    await drag('drop');
    for (const name of ['first', 'second']) {
      await page.getByRole('button', { name: `the mixer: ${name}.wav` }).waitFor();
    }
    expect(await card('cover.jpg').count()).toBe(0);
  });

  it('shows title, artist and cover of the song, in its own direction', async () => {
    const at = (name: string): string => join(service.folder, name);
    await writeFile(at('plain.wav'), song(600));
    await ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', '-frames:v', '1', at('cover.png'));
    const cover = ['-i', at('cover.png'), '-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic'];
    const tags = ['-metadata', 'title=شاي', '-metadata', 'artist=فرقة'];
    await ffmpeg('-i', at('plain.wav'), ...cover, ...tags, at('tagged.flac'));
    await watched.drop({ name: 'tagged.flac', bytes: await readFile(at('tagged.flac')), type: 'audio/flac' });
    await page.getByRole('heading', { name: 'شاي', exact: true }).waitFor();
    const direction =
      "getComputedStyle([...document.querySelectorAll('h3')].find((one) => one.textContent === 'شاي')).direction";
    expect(await page.evaluate<string>(direction)).toBe('rtl');
    await page.locator('bdi').getByText('فرقة').waitFor();
    const image = page.locator('img.cover');
    await image.waitFor();
    expect(await page.evaluate<number>("document.querySelector('img.cover').naturalWidth")).toBe(64);
  });

  it('follows what another tab adds, edits and removes', async () => {
    const { body } = await service.api.upload(song(500), {}, 'elsewhere.wav');
    await page.getByRole('button', { name: 'the mixer: elsewhere.wav' }).waitFor();
    // as when the tab is shown again
    const show = (): Promise<unknown> => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await service.api.edit(body.id, { title: 'Renamed' });
    await show();
    await page.getByRole('heading', { name: 'Renamed' }).waitFor();
    await service.api.json(`/v1/separations/${body.id}`, { method: 'DELETE' });
    await show();
    await page.getByRole('heading', { name: 'Renamed' }).waitFor({ state: 'detached' });
    // a mixer that closes stops its requests
    expect(watched.faults.filter((fault) => !fault.endsWith('net::ERR_ABORTED'))).toEqual([]);
  });
});
