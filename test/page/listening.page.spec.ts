import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page, Route } from 'playwright-core';
import type { Separation } from '@app/separations';
import { decodeSamples, makeSong } from '../support/songs/songs.js';
import { TestService } from '../support/service/test-service.js';
import { waitUntil } from '../support/wait-until.js';
import { openBrowser, WatchedPage } from './support/browser.js';
import { recordSound, takeSound } from './support/recorder.js';
import { difference, energy, findPart, leftOf, sum } from './support/sound.js';

/** two 24-bit steps per stem: the rounding of floats */
const EXACT = 1e-6;
const STEMS = ['vocals', 'drums', 'bass', 'other'];
const RATE = 44_100;
const ORIGINAL = '**/original.flac*';
const BUSY = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'busy' }) };
/** logged by the browser */
const BUSY_FAULT = expect.stringContaining('503') as unknown;

describe('playing a song on the page', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  const stems = new Map<string, Float32Array>();
  /** gain of all stems, linear */
  let gain: number;

  beforeAll(async () => {
    [service, browser] = await Promise.all([TestService.start(), openBrowser()]);
    // the recorder is a script of the spec
    watched = await WatchedPage.open(browser, 'about:blank', { bypassCSP: true });
    page = watched.page;
    await recordSound(page);
    await page.goto(service.api.url);
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  const left = (stem: string): Float32Array => stems.get(stem) ?? new Float32Array();
  const press = (...keys: string[]): Promise<void> =>
    keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  /** Position in the next frame: the current one may be older than the last key press. */
  const position = (): Promise<number> =>
    page.evaluate<number>(`new Promise((resolve) => {
      const at = () => Number(document.querySelector('.mixer').style.getPropertyValue('--at'));
      requestAnimationFrame(() => resolve(at()));
    })`);

  /** Plays so many seconds of the song, and returns a recording without the fades. */
  async function hear(seconds: number, meanwhile = (): Promise<void> => Promise.resolve()): Promise<Float32Array> {
    await takeSound(page);
    const before = await position();
    await press(' ');
    await meanwhile();
    const song = left('vocals').length / RATE;
    await waitUntil('the song to play', async () => ((await position()) - before) * song > seconds, {
      deadlineMs: 20_000,
    });
    await press(' ');
    await waitUntil(
      'the pause',
      async () => (await page.getByRole('button', { name: 'Play', exact: true }).count()) === 1,
    );
    const heard = await takeSound(page);
    const start = heard.findIndex((sample) => sample !== 0);
    return heard.slice(start + 400, start + 400 + seconds * 0.6 * RATE);
  }

  it('turns a dropped MP3 into a mixer that plays', async () => {
    await watched.drop({ name: 'dropped song.mp3', bytes: await readFile(await makeSong(service.folder, 30)) });
    await page.getByRole('heading', { name: 'dropped song.mp3' }).waitFor();
    await page.locator('.mixer').waitFor();
    const { body } = await service.api.json<{ separations: Separation[] }>('/v1/separations');
    const [song] = body.separations;
    const { receipt } = (await service.api.separation(song?.id ?? '')).body;
    gain = 10 ** ((receipt?.gainDb ?? Number.NaN) / 20);
    for (const stem of STEMS) {
      const file = join(service.folder, `${stem}.flac`);
      const { body: bytes } = await service.api.bytes(`/v1/separations/${song?.id ?? ''}/stems/${stem}.flac`);
      await writeFile(file, bytes);
      stems.set(stem, leftOf(await decodeSamples(file)));
    }
    await waitUntil('the recorder', () => page.evaluate<boolean>('recorded.ready === true'), { deadlineMs: 10_000 });
    const heard = await hear(2);
    const mix = sum(...STEMS.map(left));
    const at = findPart(heard, mix.subarray(0, 6 * RATE));
    expect(difference(heard, mix, at)).toBeLessThan(EXACT);
  });

  it('keeps all lanes at the same sample after seeks far into the song', async () => {
    for (let jump = 0; jump < 4; jump += 1) await press('ArrowRight');
    const heard = await hear(2);
    const mix = sum(...STEMS.map(left));
    const from = 18 * RATE;
    expect(difference(heard, mix, from + findPart(heard, mix.subarray(from, from + 10 * RATE)))).toBeLessThan(EXACT);
  });

  it('plays only the drums when they are soloed', async () => {
    await press('Home', '2', 's');
    const heard = await hear(2);
    expect(difference(heard, left('drums'), findPart(heard, left('drums').subarray(0, 6 * RATE)))).toBeLessThan(EXACT);
    await press('s');
  });

  it('removes muted vocals completely', async () => {
    await press('Home', '1', 'm');
    const heard = await hear(2);
    const rest = sum(left('drums'), left('bass'), left('other'));
    const at = findPart(heard, rest.subarray(0, 6 * RATE));
    expect(difference(heard, rest, at)).toBeLessThan(EXACT);
    expect(energy(heard)).toBeGreaterThan(0.001);
    await press('m');
  });

  it('downloads the current mix: the weighted sum of the stems within 16-bit rounding', async () => {
    await page.getByRole('slider', { name: 'Volume Bass' }).fill('50');
    await page.getByRole('slider', { name: 'Balance Other' }).fill('0.5');
    await press('1', 'm');
    const mix = sum(
      left('drums'),
      left('bass').map((sample) => sample / 2),
      left('other').map((sample) => sample * Math.cos(Math.PI / 4)),
    );
    for (const format of ['wav', 'flac']) {
      const downloaded = await downloadMix(format);
      expect(downloaded.length).toBe(mix.length);
      expect(difference(downloaded, mix, 0)).toBeLessThan(0.5 / 32_768);
    }
    const mp3 = await downloadMix('mp3');
    expect(mp3.length).toBe(mix.length);
    expect(findPart(mp3.subarray(5 * RATE, 6 * RATE), mix.subarray(0, 8 * RATE))).toBe(5 * RATE);
    await page.getByRole('button', { name: 'Reset the mix' }).click();
  });

  /** Left channel of the downloaded mix. */
  async function downloadMix(format: string): Promise<Float32Array> {
    await page.getByRole('combobox', { name: 'Format' }).selectOption(format);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'This mix' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`dropped song (mix).${format}`);
    return leftOf(await decodeSamples(await download.path()));
  }

  /** Left channel of the decoded song, with the gain of its stems. */
  async function original(): Promise<Float32Array> {
    const decoded = leftOf(await decodeSamples(join(service.folder, 'song-30-0.mp3')));
    return decoded.map((sample) => sample * gain);
  }

  it('keeps playing the mix when the original fails after a change of mind', async () => {
    const changeOfMind = async (route: Route): Promise<void> => {
      await press('o');
      await route.fulfill(BUSY);
    };
    await page.route(ORIGINAL, changeOfMind, { times: 1 });
    await startMix();
    await Promise.all([page.waitForResponse(ORIGINAL), press('o')]);
    expect(await loudnessOf(0.5)).toBeGreaterThan(0);
    // the button has this name only during playback
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    expect(await page.locator('.mixer').getByRole('alert').count()).toBe(0);
    expect(watched.faults.splice(0)).toEqual([BUSY_FAULT]);
  });

  it('is silent while the original cannot be loaded, and loads it when it is selected again', async () => {
    await page.route(ORIGINAL, (route) => route.fulfill(BUSY), { times: 2 });
    const failure = page.locator('.mixer').getByRole('alert').getByText('busy', { exact: true });
    const play = page.getByRole('button', { name: 'Play', exact: true });
    await startMix();
    await press('o');
    await failure.waitFor();
    await play.waitFor();
    await press('o');
    await failure.waitFor({ state: 'detached' });
    expect(await loudnessOf(0.5)).toBe(0);
    expect(await play.isVisible()).toBe(true);
    await press('o');
    await failure.waitFor();
    await press('Home');
    const heard = await hear(2);
    expect(await failure.count()).toBe(0);
    const song = await original();
    expect(difference(heard, song, findPart(heard, song.subarray(0, 6 * RATE)))).toBeLessThan(EXACT);
    await press('o');
    expect(watched.faults.splice(0)).toEqual([BUSY_FAULT, BUSY_FAULT]);
  });

  async function startMix(): Promise<void> {
    await takeSound(page);
    await press('Home', ' ');
    await waitUntil('some of the mix', async () => energy(await takeSound(page)) > 0);
  }

  /** Energy of the next samples at the output; 0 for silence. */
  async function loudnessOf(seconds: number): Promise<number> {
    let [samples, loudness] = [0, 0];
    await takeSound(page);
    await waitUntil('the output', async () => {
      const part = await takeSound(page);
      samples += part.length;
      loudness += energy(part);
      return samples > seconds * RATE;
    });
    return loudness;
  }

  it('plays the original song at the same sample as the stems', async () => {
    const song = await original();
    const mix = sum(...STEMS.map(left));
    await press('Home', 'o');
    const alone = await hear(2);
    expect(difference(alone, song, findPart(alone, song.subarray(0, 6 * RATE)))).toBeLessThan(EXACT);
    await press('o', 'Home');
    const both = await hear(6, async () => {
      await waitUntil('some of the mix', async () => (await position()) * song.length > 1.2 * RATE);
      await press('o');
    });
    const [first, last] = [both.subarray(0, RATE / 2), both.subarray(both.length - RATE / 2)];
    const inMix = findPart(first, mix.subarray(0, 6 * RATE));
    expect(difference(first, mix, inMix)).toBeLessThan(EXACT);
    expect(difference(last, song, inMix + both.length - RATE / 2)).toBeLessThan(EXACT);
    await press('o');
  });

  it('logs no faults', () => {
    expect(watched.faults).toEqual([]);
  });
});
