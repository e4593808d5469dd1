import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Analysis, Separation } from '@app/separations';
import { decodeSamples, makeSong } from '../support/songs/songs.js';
import { TestService } from '../support/service/test-service.js';
import { patient } from '../support/patience.js';
import { waitUntil } from '../support/wait-until.js';
import { openBrowser, WatchedPage } from './support/browser.js';
import { EXACT, Listener, NEAR, RATE } from './listening/listener.js';
import { describeSlowLine } from './listening/on-a-slow-line.js';
import { describeOriginal } from './listening/the-original.js';
import { lanAddress } from './support/lan-address.js';
import { recordedSamples, recordSound } from './support/recorder.js';
import { difference, energy, findPart, leftOf, semitonesAbove, sum } from './support/sound.js';

const STEMS = ['vocals', 'drums', 'bass', 'other'];

/** Browsers warn of headers for secure pages only, and of the recorder. */
const WARNINGS = ['Cross-Origin-Opener-Policy', 'Origin-Agent-Cluster', 'ScriptProcessorNode'];

/** how the page is reached, and whether browsers call that secure */
const ADDRESSES = [
  {
    from: 'on this machine',
    address: '127.0.0.1',
    isSecure: true,
    song: 'dropped song',
    variant: 0,
    formats: ['wav', 'flac', 'mp3'],
  },
  {
    from: 'from another machine',
    address: lanAddress(),
    isSecure: false,
    song: 'song over http',
    variant: 1,
    formats: ['wav'],
  },
] as const;

let service: TestService;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([TestService.prepare(), openBrowser()]);
  await Promise.all([service.startApi({ HOST: '0.0.0.0' }), service.startWorker()]);
});

afterAll(async () => {
  await browser.close();
  await service.close();
});

describe.each(ADDRESSES)('playing a song on the page $from', ({ address, isSecure, song, variant, formats }) => {
  let watched: WatchedPage;
  let page: Page;
  let listener: Listener;
  const stems = new Map<string, Float32Array>();
  /** left channel of all stems together */
  let mix: Float32Array;
  let songFile: string;
  let id: string;
  /** gain of all stems, linear */
  let gain: number;

  beforeAll(async () => {
    // the worklet of the recorder is a script of the spec
    watched = await WatchedPage.open(browser, 'about:blank', { bypassCSP: isSecure });
    page = watched.page;
    listener = new Listener(page);
    await recordSound(page);
    await page.goto(service.api.url.replace('127.0.0.1', address));
    expect(await page.evaluate<boolean>('isSecureContext')).toBe(isSecure);
  });

  afterAll(() => watched.close());

  /** Faults of the page since the last call. */
  const faults = (): string[] =>
    watched.faults.splice(0).filter((fault) => !WARNINGS.some((warning) => fault.includes(warning)));
  const left = (stem: string): Float32Array => stems.get(stem) ?? new Float32Array();
  it('says what https adds, over plain http alone and until it is dismissed', async () => {
    const notice = page.getByRole('note').filter({ hasText: 'https' });
    await page.getByText('Choose songs').waitFor();
    expect(await notice.count()).toBe(isSecure ? 0 : 1);
    if (isSecure) return;
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await notice.getByText('benachrichtigen').waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await notice.getByRole('button', { name: 'Dismiss' }).click();
    expect(await notice.count()).toBe(0);
    await page.reload();
    await page.getByText('Choose songs').waitFor();
    expect(await notice.count()).toBe(0);
  });

  it('turns a dropped MP3 into a mixer that plays', async () => {
    songFile = await makeSong(service.folder, 30, variant);
    await watched.drop({ name: `${song}.mp3`, bytes: await readFile(songFile) });
    await page.getByRole('heading', { name: `${song}.mp3` }).waitFor();
    await page.locator('.mixer').waitFor();
    const { body } = await service.api.json<{ separations: Separation[] }>('/v1/separations');
    id = body.separations[0]?.id ?? '';
    const { receipt } = await service.waitFor(id, 'completed');
    gain = 10 ** ((receipt?.gainDb ?? Number.NaN) / 20);
    for (const stem of STEMS) {
      const file = join(service.folder, `${stem}.flac`);
      const { body: bytes } = await service.api.bytes(`/v1/separations/${id}/stems/${stem}.flac`);
      await writeFile(file, bytes);
      stems.set(stem, leftOf(await decodeSamples(file)));
    }
    mix = sum(...STEMS.map(left));
    listener.samples = mix.length;
    await waitUntil('the recorder', () => page.evaluate<boolean>('recorded.ready === true'), { deadlineMs: 10_000 });
    const heard = await listener.hear(1);
    const at = findPart(heard, mix.subarray(0, NEAR));
    expect(difference(heard, mix, at)).toBeLessThan(EXACT);
  });

  it('keeps all lanes at the same sample after seeks far into the song', async () => {
    await listener.press('Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight');
    const heard = await listener.hear(1);
    const from = 20 * RATE;
    expect(difference(heard, mix, from + findPart(heard, mix.subarray(from, from + NEAR)))).toBeLessThan(EXACT);
  });

  it('plays only the drums when they are soloed', async () => {
    await listener.press('Home', '2', 's');
    const heard = await listener.hear(1);
    expect(difference(heard, left('drums'), findPart(heard, left('drums').subarray(0, NEAR)))).toBeLessThan(EXACT);
    await listener.press('s');
  });

  it('removes muted vocals completely', async () => {
    await listener.press('Home', '1', 'm');
    const heard = await listener.hear(1);
    const rest = sum(left('drums'), left('bass'), left('other'));
    const at = findPart(heard, rest.subarray(0, NEAR));
    expect(difference(heard, rest, at)).toBeLessThan(EXACT);
    expect(energy(heard)).toBeGreaterThan(0.001);
    await listener.press('m');
  });

  it('loops to the sample', async () => {
    await listener.press('Home', '[');
    const end = page.getByRole('slider', { name: 'Loop end' });
    // from 8 s
    for (let seconds = 8; seconds > 1; seconds -= 1) await end.press('ArrowLeft');
    const heard = await listener.record(() =>
      waitUntil('two rounds', async () => (await recordedSamples(page)) > 3 * RATE, { deadlineMs: 20_000 }),
    );
    const round = mix.subarray(0, RATE);
    // negative if the recording begins at the end of a round
    const at = findPart(heard.subarray(0, RATE / 2), round) + RATE;
    const rounds = heard.subarray(0, 2 * RATE).map((sample, index) => sample - (round[(at + index) % RATE] ?? 0));
    expect(rounds.length).toBe(2 * RATE);
    expect(difference(rounds, new Float32Array(rounds.length), 0)).toBeLessThan(EXACT);
    await listener.press('l');
  });

  it('says that speed and pitch could not be loaded, and loads them the next time', async () => {
    await page.route('**/stretch*.wasm', (route) => route.abort(), { times: 1 });
    const speed = page.getByRole('slider', { name: 'Speed' });
    await speed.fill('50');
    await page.locator('.mixer').getByRole('alert').getByText('the song plays as it is').waitFor();
    expect(await speed.inputValue()).toBe('100');
    expect(faults().every((fault) => fault.includes('.wasm') || fault.includes('ERR_FAILED'))).toBe(true);
    await Promise.all([page.waitForResponse('**/stretch*.wasm'), speed.fill('50')]);
    expect(await page.locator('.mixer').getByRole('alert').count()).toBe(0);
  });

  it('plays at half the speed, transposed, and leaves the drums at their pitch', async () => {
    // a slider takes keys of its own
    const leaveSlider = (): Promise<unknown> => page.evaluate('document.activeElement.blur()');
    const second = (): Promise<unknown> =>
      waitUntil('a second of the song', async () => (await listener.playedSince(0)) > 1, { deadlineMs: 20_000 });
    await page.getByRole('slider', { name: 'Transpose' }).fill('7');
    await leaveSlider();
    await listener.press('Home', '3', 's');
    const recorded = await listener.record(second);
    // the sound of a busy page pauses where no worklet plays it
    const bass = isSecure ? recorded : recorded.filter((sample) => sample !== 0);
    expect(bass.length / RATE / (await listener.playedSince(0))).toBeCloseTo(2, 0);
    // in steps of half a semitone; the specs of the stretcher measure cents
    expect(Math.abs(semitonesAbove(bass.subarray(0, 2 * RATE), left('bass').subarray(0, RATE)) - 7)).toBeLessThan(1);
    await page.getByRole('slider', { name: 'Speed' }).fill('100');
    await leaveSlider();
    await listener.press('3', 's', 'Home', '2', 's');
    // the start of playback fades in for longer where blocks were rendered before
    const drums = (await listener.record(second)).subarray(RATE / 8, RATE / 2);
    expect(difference(drums, left('drums'), findPart(drums, left('drums').subarray(0, NEAR)))).toBeLessThan(EXACT);
    await listener.press('2', 's');
    await page.getByRole('slider', { name: 'Transpose' }).fill('0');
  });

  it('clicks at the very sample of each beat', async () => {
    const from = 15 * RATE;
    await page.getByRole('button', { name: 'Click', exact: true }).click({ timeout: patient(60_000) });
    await page.evaluate('document.activeElement.blur()');
    await listener.press('Home', 'ArrowRight', 'ArrowRight', 'ArrowRight');
    const heard = await listener.hear(4);
    const song = heard.map((sample) => (Math.abs(sample) > 0.4 ? 0 : sample));
    const at = from + findPart(song, mix.subarray(from, from + 6 * RATE));
    const places: number[] = [];
    heard.forEach((sample, index) => {
      const isClick = Math.abs(sample - (mix[at + index] ?? 0)) > 0.3;
      if (isClick && index - (places.at(-1) ?? -RATE) > RATE / 10) places.push(index);
    });
    const { body } = await service.api.json<Analysis>(`/v1/separations/${id}/analysis`);
    const beats = body.tempo?.beats.map((second) => Math.round(second * RATE) - at) ?? [];
    expect(places).toEqual(beats.filter((beat) => beat >= 0 && beat < heard.length));
    expect(places.length).toBeGreaterThan(2);
    await page.getByRole('button', { name: 'Click', exact: true }).click();
  });

  it('plays again after the end, and pauses', async () => {
    const play = page.getByRole('button', { name: 'Play', exact: true });
    await page.getByRole('slider', { name: 'Position' }).fill('29');
    await listener.press(' ');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    await play.waitFor();
    await listener.record(() =>
      waitUntil('the start of the song', async () => {
        const seconds = (await listener.position()) * (mix.length / RATE);
        return seconds > 1 && seconds < 9;
      }),
    );
  });

  it('copies a link to the song', async () => {
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Link copied' }).waitFor();
    await page.evaluate("document.body.append(document.createElement('textarea'))");
    await page.locator('body > textarea').focus();
    await listener.press('Control+v');
    expect(await page.locator('body > textarea').inputValue()).toMatch(/^http.+#sep_[0-9a-f]{32}$/);
    await page.evaluate("document.querySelector('body > textarea').remove()");
  });

  it('downloads the current mix: the weighted sum of the stems within 16-bit rounding', async () => {
    await page.getByRole('slider', { name: 'Volume Bass' }).fill('50');
    await page.getByRole('slider', { name: 'Balance Other' }).fill('0.5');
    await listener.press('1', 'm');
    const lowered = sum(
      left('drums'),
      left('bass').map((sample) => sample / 2),
      left('other').map((sample) => sample * Math.cos(Math.PI / 4)),
    );
    for (const format of formats) {
      const downloaded = await downloadMix(format);
      expect(downloaded.length).toBe(lowered.length);
      if (format !== 'mp3') expect(difference(downloaded, lowered, 0)).toBeLessThan(0.5 / 32_768);
      else expect(findPart(downloaded.subarray(5 * RATE, 6 * RATE), lowered.subarray(0, 8 * RATE))).toBe(5 * RATE);
    }
    await page.getByRole('button', { name: 'Reset the mix' }).click();
  });

  /** Left channel of the downloaded mix. */
  async function downloadMix(format: string): Promise<Float32Array> {
    await page.getByRole('combobox', { name: 'Format' }).selectOption(format);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'This mix' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${song} (mix).${format}`);
    return leftOf(await decodeSamples(await download.path()));
  }

  // the same mixer, whatever its output
  if (isSecure) describeOriginal(() => ({ page, listener, songFile, gain, mix, faults }));
  else
    it('says that the mixer could not be loaded, and loads it when you play', async () => {
      await page.route('**/mixer.work*', (route) => route.abort(), { times: 1 });
      const card = page.locator('.card', { hasText: song }).locator('.card-open-button');
      await card.click();
      await card.click();
      await page.locator('.mixer').getByRole('alert').waitFor();
      faults();
      expect(energy(await listener.hear(1))).toBeGreaterThan(0);
      expect(await page.locator('.mixer').getByRole('alert').count()).toBe(0);
    });

  it('logs no faults', () => {
    expect(faults()).toEqual([]);
  });
});

describeSlowLine(() => ({ service, browser }));
