import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Separation } from '@app/separations';
import { slowEngine } from '../support/service/slow-engine.js';
import { decodeSamples, makeSong } from '../support/songs/songs.js';
import { TestService } from '../support/service/test-service.js';
import { patient } from '../support/patience.js';
import { waitUntil } from '../support/wait-until.js';
import { openBrowser, WatchedPage } from './support/browser.js';
import { recordSound, takeSound } from './support/recorder.js';
import { difference, findPart, leftOf, sum } from './support/sound.js';

const RATE = 44_100;
/** 24 bits at -6 dB of four stems, and of their masters */
const EXACT = 2e-6;
/** samples of a fade with room */
const FADE = 400;
/** samples of silence between two parts */
const PAUSE = 2000;

/** whether each lane is drawn on its left, and is empty on its right */
const DRAWN = `[...document.querySelectorAll('.waveform')].every((canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const isDrawn = (x) => copy.getImageData(x, 0, 1, canvas.height).data.some((value) => value > 0);
  return isDrawn(0) && !isDrawn(canvas.width - 1);
})`;

describe('listening while the song is separated', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    [service, browser] = await Promise.all([TestService.prepare(), openBrowser()]);
    // 10 s are two segments: playing catches up with the first before the second is ready
    await Promise.all([service.startApi(), service.startWorker(slowEngine(8))]);
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

  it('plays from the first block on, outlives the worker, and goes on in the complete stems', async () => {
    await watched.drop({ name: 'new song.mp3', bytes: await readFile(await makeSong(service.folder, 10)) });
    await page.locator('.mixer').waitFor();
    await waitUntil('the recorder', () => page.evaluate<boolean>('recorded.ready === true'));
    await page.keyboard.press(' ');
    const sounds: number[] = [];
    const record = async (): Promise<void> => {
      for (const sample of await takeSound(page)) sounds.push(sample);
    };
    await waitUntil('sound', async () => {
      await record();
      return sounds.some((sample) => sample !== 0);
    });
    const song = await found();
    expect(song.status).toBe('processing');
    // the waveform grows along
    await waitUntil('a drawn lane', () => page.evaluate<boolean>(DRAWN));

    await page.getByRole('status').getByText('Waiting for the separation…').waitFor();
    expect((await found()).status).toBe('processing');
    await service.workers[0]?.app.kill();
    await service.startWorker();
    // the end of the song; the lost worker is found out first
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor({ timeout: patient(30_000) });
    await record();
    expect((await found()).status).toBe('completed');

    const mix = await masters(song.id);
    const parts = split(Float32Array.from(sounds));
    expect(parts.length).toBe(2);
    let heard = 0;
    for (const part of parts) {
      const inner = part.subarray(FADE, part.length - FADE);
      const at = findPart(inner, mix);
      expect(difference(inner, mix, at)).toBeLessThan(EXACT);
      // goes on where it waited
      expect(Math.abs(at - FADE - heard)).toBeLessThan(FADE);
      heard = at + inner.length + FADE;
    }
    expect(heard).toBeGreaterThan(9.9 * RATE);
    expect(watched.faults).toEqual([]);
  });

  async function found(): Promise<Separation> {
    const { body } = await service.api.json<{ separations: Separation[] }>('/v1/separations');
    const [song] = body.separations;
    if (song === undefined) throw new Error('there is no song');
    return song;
  }

  /** Left channel of all stems together, without their gain. */
  async function masters(id: string): Promise<Float32Array> {
    const { receipt } = (await service.api.separation(id)).body;
    const stems = receipt?.stems.map(({ name }) => name) ?? [];
    const sounds = await Promise.all(
      stems.map(async (stem) => {
        const file = join(service.folder, `${stem}.flac`);
        await writeFile(file, (await service.api.bytes(`/v1/separations/${id}/stems/${stem}.flac`)).body);
        return leftOf(await decodeSamples(file));
      }),
    );
    const gain = 10 ** ((receipt?.gainDb ?? Number.NaN) / 20);
    return sum(...sounds).map((sample) => sample / gain);
  }
});

/** The parts of a recording between long silences. */
function split(sounds: Float32Array): Float32Array[] {
  const parts: Float32Array[] = [];
  let [start, last] = [-1, -1];
  sounds.forEach((sample, at) => {
    if (sample === 0) return;
    if (start >= 0 && at - last > PAUSE) {
      parts.push(sounds.subarray(start, last + 1));
      start = -1;
    }
    if (start < 0) start = at;
    last = at;
  });
  return start < 0 ? parts : [...parts, sounds.subarray(start, last + 1)];
}
