import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, CDPSession, Locator, Page } from 'playwright-core';
import { TestService } from '../support/service/test-service.js';
import { wav } from '../support/songs/wav.js';
import { waitUntil } from '../support/wait-until.js';
import { openBrowser, WatchedPage } from './support/browser.js';

/** what a listener has set, as JSON: each slider as it is drawn and as it is told, and the position */
const SETTINGS = `JSON.stringify([
  ...[...document.querySelectorAll('.mixer [type=range], .loop-handle')].map((one) => [
    one.value, one.getAttribute('aria-valuetext'), one.getAttribute('aria-valuenow'),
  ]),
  document.querySelector('.playhead').style.getPropertyValue('--at'),
])`;

describe('the mixer under fingers and keys', () => {
  let service: TestService;
  let browser: Browser;
  let phone: WatchedPage;
  let page: Page;
  let devtools: CDPSession;

  beforeAll(async () => {
    [service, browser] = await Promise.all([TestService.start(), openBrowser()]);
    phone = await WatchedPage.open(browser, service.api.url, {
      viewport: { width: 390, height: 700 },
      hasTouch: true,
      isMobile: true,
      reducedMotion: 'reduce',
    });
    page = phone.page;
    devtools = await page.context().newCDPSession(page);
    await phone.drop({ name: 'song.wav', bytes: wav({ seconds: 3 }), type: 'audio/wav' });
    await page.locator('.mixer').waitFor();
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  const settings = (): Promise<string> => page.evaluate<string>(SETTINGS);
  /** as a share of the song */
  const position = async (): Promise<number> => Number(/"([\d.]+)"\]$/.exec(await settings())?.[1]);
  const scrolled = (): Promise<number> => page.evaluate<number>('scrollY');

  const isAtRest = (): Promise<boolean> =>
    page.evaluate<boolean>(`new Promise((resolve) => {
      const top = scrollY;
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(scrollY === top)));
    })`);

  /** Puts a finger on the center of a control, moves it, and lifts it or has it taken away. */
  async function touch(
    control: Locator,
    x: number,
    y: number,
    last: 'touchEnd' | 'touchCancel' = 'touchEnd',
  ): Promise<void> {
    await control.scrollIntoViewIfNeeded();
    await waitUntil('the last swipe to run out', isAtRest);
    const box = await control.boundingBox();
    if (box === null) throw new Error('the control is not drawn');
    const at = (share: number): { x: number; y: number }[] => [
      { x: box.x + box.width / 2 + share * x, y: box.y + box.height / 2 + share * y },
    ];
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) });
    const steps = x === 0 && y === 0 ? 0 : 8;
    for (let step = 1; step <= steps; step += 1) {
      await devtools.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(step / steps) });
    }
    await devtools.send('Input.dispatchTouchEvent', { type: last, touchPoints: [] });
  }

  const volume = (): Locator => page.getByRole('slider', { name: 'Volume Vocals' });
  const waveform = (): Locator => page.locator('.lane-timeline').first();

  it('shows all lanes and the transport on one screen', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    // a song that is ready opens by itself
    await page.getByRole('button', { name: 'This mix' }).waitFor();
    for (const name of ['Close the mixer', 'Open the mixer']) await page.getByRole('button', { name }).press('Enter');
    await waitUntil('all of it in the window', () =>
      page.evaluate<boolean>(`[...document.querySelectorAll('.ruler, .lane, .transport')].every((part) => {
        const { top, bottom } = part.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      })`),
    );
    expect(await page.locator('.lane').count()).toBe(4);
    await page.setViewportSize({ width: 390, height: 700 });
  });

  it('changes nothing when a swipe begins on it', async () => {
    await page.getByRole('button', { name: 'More controls' }).tap();
    await page.getByRole('button', { name: 'Loop', exact: true }).tap();
    await page.locator('.loop-handle').first().waitFor();
    const before = await settings();
    const sliders = ['Position', 'Loop start', 'Speed', 'Volume Vocals'].map((name) =>
      page.getByRole('slider', { name }),
    );
    for (const control of [waveform(), page.locator('.ruler-area'), ...sliders]) {
      await control.scrollIntoViewIfNeeded();
      const top = await scrolled();
      await touch(control, 10, top > 150 ? 150 : -150);
      await waitUntil('the page to scroll', async () => (await scrolled()) !== top);
      expect(await settings()).toBe(before);
    }
  });

  it('still seeks and turns by taps and by moves to the side', async () => {
    await touch(waveform(), 0, 0);
    await waitUntil('the tap to seek', async () => Math.abs((await position()) - 0.5) < 0.01);
    await touch(volume(), 40, 5);
    await waitUntil('the volume to change', async () => (await volume().inputValue()) !== '100');
    expect(await volume().getAttribute('aria-valuetext')).toBe(`${await volume().inputValue()}%`);
  });

  it('zooms with two fingers, and stays where it was', async () => {
    const marks = (): Promise<string> => page.locator('.ruler-area').innerText();
    const [before, whole] = [await position(), await marks()];
    const box = await waveform().boundingBox();
    if (box === null) throw new Error('the waveform is not drawn');
    const fingers = (apart: number): { x: number; y: number; id: number }[] =>
      [-1, 1].map((side, id) => ({ x: box.x + box.width / 2 + side * apart, y: box.y + box.height / 2, id }));
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(20) });
    for (const apart of [40, 80, 160])
      await devtools.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(apart) });
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await waitUntil('finer marks', async () => /\.\d/.test(await marks()));
    await page.keyboard.press('0');
    await waitUntil('the whole song', async () => (await marks()) === whole && (await position()) === before);
  });

  it('undoes what a finger did that the browser takes away', async () => {
    const before = await settings();
    await touch(waveform(), 60, 0, 'touchCancel');
    await touch(volume(), 40, 0, 'touchCancel');
    await touch(page.locator('.ruler-area'), 60, 0, 'touchCancel');
    await waitUntil('the settings of before', async () => (await settings()) === before);
  });

  it('takes brackets that a keyboard types with AltGr or Option', async () => {
    const [alt, control] = [1, 2];
    const press = (key: string, modifiers: number): Promise<unknown> =>
      devtools.send('Input.dispatchKeyEvent', { type: 'keyDown', key, text: key, modifiers });
    const loop = (end: string): Promise<string | null> =>
      page.getByRole('slider', { name: `Loop ${end}` }).getAttribute('aria-valuenow');
    await touch(waveform(), 0, 0);
    await press('[', alt + control);
    await waitUntil('the loop to begin here', async () => (await loop('start')) === '1.5');
    await touch(waveform(), 40, 0);
    await press(']', alt);
    await waitUntil('the loop to end here', async () => (await loop('end')) !== '3');
  });

  it('scrolls with arrows, and turns the volume with Shift', async () => {
    await page.evaluate('document.activeElement.blur(), scrollTo(0, 0)');
    const before = await settings();
    await page.keyboard.press('ArrowDown');
    await waitUntil('the page to scroll', async () => (await scrolled()) > 0);
    expect(await settings()).toBe(before);
    await page.keyboard.press('2');
    await page.keyboard.press('Shift+ArrowDown');
    expect(await page.getByRole('slider', { name: 'Volume Drums' }).inputValue()).toBe('95');
  });

  it("changes speed and pitch under the page's own content security policy", async () => {
    await page.getByRole('slider', { name: 'Speed' }).fill('200');
    await page.getByRole('slider', { name: 'Transpose' }).fill('1');
    const before = await position();
    await page.keyboard.press(' ');
    await waitUntil('the song to play', async () => (await position()) !== before);
    await page.keyboard.press(' ');
    expect(await page.locator('.mixer').getByRole('alert').count()).toBe(0);
    expect(phone.faults.filter((fault) => fault.includes('Content Security Policy'))).toEqual([]);
  });

  it('can leave letters alone', async () => {
    await page.keyboard.press('?');
    await page.getByRole('checkbox', { name: 'Letters' }).uncheck();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.keyboard.press('m');
    await page.keyboard.press('Shift+ArrowUp');
    expect(await page.getByRole('slider', { name: 'Volume Drums' }).inputValue()).toBe('100');
    expect(await page.getByRole('button', { name: 'Mute Drums' }).getAttribute('aria-pressed')).toBe('false');
    // a mixer that closes stops its requests
    expect(phone.faults.filter((fault) => !fault.endsWith('net::ERR_ABORTED'))).toEqual([]);
  });

  it('leaves nothing behind when it closes', async () => {
    const openAndClose = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        await page.getByRole('button', { name: 'Close the mixer' }).press('Enter');
        await page.getByRole('button', { name: 'Open the mixer' }).press('Enter');
        await page.locator('.mixer').waitFor();
      }
    };
    const nodes = async (): Promise<number> => {
      await devtools.send('HeapProfiler.collectGarbage');
      return (await devtools.send('Memory.getDOMCounters')).nodes;
    };
    await openAndClose(2);
    const before = await nodes();
    await openAndClose(10);
    // a mixer has about 300; the last one to close is freed when its running tasks have ended
    await waitUntil('the nodes of ten mixers to be freed', async () => (await nodes()) < before + 300);
  });
});
