import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { TestService } from '../../support/service/test-service.js';
import { decodeSamples, makeSong } from '../../support/songs/songs.js';
import { waitUntil } from '../../support/wait-until.js';
import { WatchedPage } from '../support/browser.js';
import { lanAddress } from '../support/lan-address.js';
import { recordSound, takeSound } from '../support/recorder.js';
import { SlowLine } from '../support/slow-line.js';
import { difference, energy, findPart, leftOf, sum } from '../support/sound.js';

/** 1.6 Mbit/s */
const SLOW = 200_000;
const RATE = 44_100;
const SECONDS = 30;
const STEMS = ['vocals', 'drums', 'bass', 'other'];
const FADE = 400;
/** noise of MP3 in a mix, by energy: -12 dB */
const NOISE = 0.06;
const SHORT = RATE / 5;
/** samples by which the recording of a busy machine may slip: some are missed, or the sound stops for moments */
const SLIPPED = 4 * RATE;
/** of a block in the light format: 6 s of 128 kbit/s */
const BLOCK_BYTES = 96_000;

interface Given {
  readonly service: TestService;
  readonly browser: Browser;
}

/** The mixer behind a line that is too slow for the masters of its lanes. */
export function describeSlowLine(given: () => Given): void {
  describe('on a line of 1.6 Mbit/s', () => {
    const stems = new Map<string, Float32Array>();
    let line: SlowLine;
    let watched: WatchedPage;
    let page: Page;
    let id: string;

    beforeAll(async () => {
      const { service } = given();
      line = await SlowLine.to(service.api.url);
      const { body } = await service.api.upload(await makeSong(service.folder, SECONDS));
      id = body.id;
      await service.waitFor(id, 'completed');
      for (const stem of STEMS) {
        const file = join(service.folder, `${stem}.flac`);
        await writeFile(file, (await service.api.bytes(`/v1/separations/${id}/stems/${stem}.flac`)).body);
        stems.set(stem, leftOf(await decodeSamples(file)));
      }
    });

    afterEach(() => watched.close());

    afterAll(() => line.close());

    const left = (stem: string): Float32Array => stems.get(stem) ?? new Float32Array();

    /** Loads the page over a fast line; from then on, the line is slow. */
    async function open(address: string, mix: object = {}): Promise<void> {
      line.speed = Infinity;
      const isLocal = address === '127.0.0.1';
      watched = await WatchedPage.open(given().browser, 'about:blank', { bypassCSP: isLocal }, 'auto');
      page = watched.page;
      await recordSound(page);
      const mixes = JSON.stringify(JSON.stringify([[id, mix]]));
      if ('lanes' in mix) await page.addInitScript({ content: `localStorage.setItem('mixes', ${mixes})` });
      await page.goto(line.urlAt(address));
      await page.locator('.card').first().waitFor();
      line.speed = SLOW;
    }

    /** Opens the mixer and presses Play. @returns after the first sound */
    async function play(heard: Float32Array[]): Promise<void> {
      await page.evaluate(`location.hash = '#${id}'`);
      await page.locator('.mixer').waitFor();
      await page.keyboard.press(' ');
      await waitUntil('the first sound', () => record(heard), { deadlineMs: 3000 });
    }

    /** Adds what was played since the last call. @returns whether there is a sound */
    async function record(heard: Float32Array[]): Promise<boolean> {
      const part = await takeSound(page);
      heard.push(part);
      return energy(part) > 0;
    }

    /** Without the silence around it and the fades. */
    function inner(heard: readonly Float32Array[]): Float32Array {
      const all = new Float32Array(heard.reduce((samples, part) => samples + part.length, 0));
      let end = 0;
      for (const part of heard) {
        all.set(part, end);
        end += part.length;
      }
      const first = all.findIndex((sample) => sample !== 0);
      return all.subarray(first + FADE, all.findLastIndex((sample) => sample !== 0) - FADE);
    }

    /** What of a part is not in the whole, by energy. */
    function noise(part: Float32Array, whole: Float32Array, at: number): number {
      return energy(part.map((sample, index) => sample - (whole[at + index] ?? 0))) / energy(part);
    }

    it('plays four lanes within seconds, the whole song without a stop, and in step with the masters', async () => {
      await open('127.0.0.1');
      const heard: Float32Array[] = [];
      await play(heard);
      await page.getByRole('status').getByText('Light sound').waitFor();
      await waitUntil(
        'the end of the song',
        async () => {
          await record(heard);
          return page.getByRole('button', { name: 'Play', exact: true }).isVisible();
        },
        { deadlineMs: 45_000 },
      );
      await record(heard);
      const mix = sum(...STEMS.map(left));
      const song = inner(heard);
      expect(song.length).toBeGreaterThan((SECONDS - 1) * RATE);
      const at = findPart(song.subarray(0, RATE), mix.subarray(0, 3 * RATE));
      // a stop would put the rest out of step
      expect(noise(song, mix, at)).toBeLessThan(NOISE);
      expect(noise(song, mix, at)).toBeLessThan(Math.min(noise(song, mix, at - 1), noise(song, mix, at + 1)));
      expect(line.bytes(/\.flac/)).toBeLessThan(2 * SLOW);

      line.speed = Infinity;
      await page.getByRole('combobox', { name: 'Sound' }).selectOption('full');
      await page.getByText('Light sound').waitFor({ state: 'detached' });
      await page.evaluate('document.activeElement.blur()');
      await page.keyboard.press('Home');
      const full: Float32Array[] = [];
      await page.keyboard.press(' ');
      await waitUntil('a second of the masters', async () => {
        await record(full);
        return full.reduce((samples, part) => samples + (energy(part) > 0 ? part.length : 0), 0) > 1.5 * RATE;
      });
      const exact = inner(full).subarray(0, RATE);
      expect(difference(exact, mix, findPart(exact, mix.subarray(0, 3 * RATE)))).toBeLessThan(1e-6);
      expect(watched.faults).toEqual([]);
    });

    it('loads only what is heard, and lets in a lane that is turned on while the others play on', async () => {
      const lane = { volume: 1, pan: 0, muted: false, soloed: false };
      const lanes = Object.fromEntries(STEMS.map((stem) => [stem, { ...lane, muted: stem === 'bass' }]));
      await open(lanAddress(), { lanes, change: { speed: 1, semitones: 0, cents: 0 } });
      const loaded = line.bytes(/\/bass/);
      const heard: Float32Array[] = [];
      await play(heard);
      const hear = (seconds: number): Promise<unknown> => {
        const until = heard.reduce((samples, part) => samples + part.length, 0) + seconds * RATE;
        return waitUntil('sound', async () => {
          await record(heard);
          return heard.reduce((samples, part) => samples + part.length, 0) > until;
        });
      };
      await hear(1.5);
      expect(line.bytes(/\/bass/)).toBe(loaded);
      const rest = sum(left('vocals'), left('drums'), left('other'));
      const mix = sum(rest, left('bass'));
      await record(heard);
      const before = inner(heard).length;
      await page.keyboard.press('3');
      await page.keyboard.press('m');
      // nothing is compared meanwhile: the line is in this process, and would stand still
      const isLoaded = async (): Promise<boolean> => {
        await record(heard);
        return line.bytes(/\/bass/) > loaded + 2 * BLOCK_BYTES;
      };
      await waitUntil('two blocks of the lane', isLoaded, { deadlineMs: 20_000 });
      let song = inner(heard);
      const isOf = (whole: Float32Array, other: Float32Array) => (start: number) => {
        const part = song.subarray(start, start + SHORT);
        const near = Math.max(0, start - SLIPPED);
        const at = near + findPart(part, whole.subarray(near, start + SHORT + SLIPPED));
        return noise(part, whole, at) < NOISE && noise(part, other, at) > noise(part, whole, at);
      };
      // short ones, between the buffers that the recorder of a busy page misses
      const stretches = (): number[] =>
        Array.from({ length: Math.floor(song.length / SHORT) }, (_, nth) => nth * SHORT);
      expect(stretches().slice(0, 5).some(isOf(rest, mix))).toBe(true);
      const isHeard = async (): Promise<boolean> => {
        await hear(1);
        song = inner(heard);
        return stretches().slice(-5).some(isOf(mix, rest));
      };
      await waitUntil('the lane among the others', isHeard, { deadlineMs: 10_000 });
      // a busy machine stops for moments; a player that waited for the lane would be silent until then
      const meanwhile = song.subarray(before);
      expect(meanwhile.filter((sample) => sample === 0).length).toBeLessThan(meanwhile.length / 2);
    });
  });
}
