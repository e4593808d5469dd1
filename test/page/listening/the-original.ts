import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { decodeSamples } from '../../support/songs/songs.js';
import { waitUntil } from '../../support/wait-until.js';
import { takeSound } from '../support/recorder.js';
import { difference, energy, findPart, leftOf } from '../support/sound.js';
import { EXACT, NEAR, RATE, type Listener } from './listener.js';

const ORIGINAL = '**/original.flac*';
const BUSY = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'busy' }) };
/** logged by the browser */
const BUSY_FAULT = expect.stringContaining('503') as unknown;

interface Given {
  readonly page: Page;
  readonly listener: Listener;
  readonly songFile: string;
  /** of all stems, linear */
  readonly gain: number;
  /** left channel of all stems together */
  readonly mix: Float32Array;
  /** Faults of the page since the last call. */
  readonly faults: () => string[];
}

/** The original in an open mixer, in place of its stems. */
export function describeOriginal(given: () => Given): void {
  describe('the original song', () => {
    let { page, listener, mix, faults } = {} as Given;
    /** left channel of the decoded song, with the gain of its stems */
    let song: Float32Array;

    beforeAll(async () => {
      ({ page, listener, mix, faults } = given());
      const { songFile, gain } = given();
      song = leftOf(await decodeSamples(songFile)).map((sample) => sample * gain);
    });

    it('keeps playing the mix when the original fails after a change of mind', async () => {
      const changeOfMind = async (route: Route): Promise<void> => {
        await listener.press('o');
        await route.fulfill(BUSY);
      };
      await page.route(ORIGINAL, changeOfMind, { times: 1 });
      await startMix();
      await Promise.all([page.waitForResponse(ORIGINAL), listener.press('o')]);
      expect(await listener.loudnessOf(0.5)).toBeGreaterThan(0);
      // the button has this name only during playback
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      expect(await page.locator('.mixer').getByRole('alert').count()).toBe(0);
      expect(faults()).toEqual([BUSY_FAULT]);
    });

    it('is silent while the original cannot be loaded, and loads it when it is selected again', async () => {
      await page.route(ORIGINAL, (route) => route.fulfill(BUSY), { times: 2 });
      const failure = page.locator('.mixer').getByRole('alert').getByText('busy', { exact: true });
      const play = page.getByRole('button', { name: 'Play', exact: true });
      await startMix();
      await listener.press('o');
      await failure.waitFor();
      await play.waitFor();
      await listener.press('o');
      await failure.waitFor({ state: 'detached' });
      expect(await listener.loudnessOf(0.5)).toBe(0);
      expect(await play.isVisible()).toBe(true);
      await listener.press('o');
      await failure.waitFor();
      await listener.press('Home');
      const heard = await listener.hear(1);
      expect(await failure.count()).toBe(0);
      expect(difference(heard, song, findPart(heard, song.subarray(0, NEAR)))).toBeLessThan(EXACT);
      await listener.press('o');
      expect(faults()).toEqual([BUSY_FAULT, BUSY_FAULT]);
    });

    async function startMix(): Promise<void> {
      await takeSound(page);
      await listener.press('Home', ' ');
      await waitUntil('some of the mix', async () => energy(await takeSound(page)) > 0);
    }

    it('plays the original song at the same sample as the stems', async () => {
      await listener.press('Home', 'o');
      const alone = await listener.hear(1);
      expect(difference(alone, song, findPart(alone, song.subarray(0, NEAR)))).toBeLessThan(EXACT);
      await listener.press('o', 'Home');
      const both = await listener.hear(5, async () => {
        await waitUntil('some of the mix', async () => (await listener.position()) * song.length > 1.2 * RATE);
        await listener.press('o');
      });
      const [first, last] = [both.subarray(0, RATE / 2), both.subarray(both.length - RATE / 2)];
      const inMix = findPart(first, mix.subarray(0, NEAR));
      expect(difference(first, mix, inMix)).toBeLessThan(EXACT);
      expect(difference(last, song, inMix + both.length - RATE / 2)).toBeLessThan(EXACT);
      await listener.press('o');
    });
  });
}
