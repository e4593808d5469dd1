import type { Page } from 'playwright-core';
import { waitUntil } from '../../support/wait-until.js';
import { missedSound, takeSound } from '../support/recorder.js';
import { energy } from '../support/sound.js';

export const RATE = 44_100;
/** two 24-bit steps per stem: the rounding of floats */
export const EXACT = 1e-6;
/** samples from the start of playback to what is compared */
export const NEAR = 2 * RATE;

/** samples after which the sound is over, and of a fade with room */
const SILENCE = 8192;
const FADE = 400;

/** Plays the open mixer of a page with its keys, and listens to it. */
export class Listener {
  /** of the song in the mixer */
  samples = Number.NaN;

  constructor(private readonly page: Page) {}

  press(...keys: string[]): Promise<void> {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  /** Position from 0 to 1 in the next frame: the current one may be older than the last key press. */
  position(): Promise<number> {
    return this.page.evaluate<number>(`new Promise((resolve) => {
      const at = () => Number(document.querySelector('.playhead').style.getPropertyValue('--at'));
      requestAnimationFrame(() => resolve(at()));
    })`);
  }

  /** Seconds of the song that were played since a position. */
  async playedSince(before: number): Promise<number> {
    return ((await this.position()) - before) * (this.samples / RATE);
  }

  /** Plays so many seconds of the song, and returns a recording without the fades. */
  async hear(seconds: number, meanwhile = (): Promise<void> => Promise.resolve()): Promise<Float32Array> {
    const before = await this.position();
    const heard = await this.record(async () => {
      await meanwhile();
      const isPlayed = async (): Promise<boolean> => (await this.playedSince(before)) > seconds;
      await waitUntil('the song to play', isPlayed, { deadlineMs: 20_000 });
    });
    return heard.subarray(0, seconds * 0.6 * RATE);
  }

  /**
   * Plays from a whole second on, and returns a recording from after the fade-in up to the silence after the pause. Plays
   * the same again if the recorder missed a part on a busy machine.
   */
  async record(until: () => Promise<unknown>): Promise<Float32Array> {
    // the slider has whole seconds
    const before = Math.round(((await this.position()) * this.samples) / RATE);
    for (;;) {
      const heard = await this.recordOnce(until);
      if (!(await missedSound(this.page))) return heard;
      await this.page.getByRole('slider', { name: 'Position' }).fill(`${before}`);
    }
  }

  /** Energy of the next samples at the output; 0 for silence. */
  async loudnessOf(seconds: number): Promise<number> {
    let [samples, loudness] = [0, 0];
    await takeSound(this.page);
    await waitUntil('the output', async () => {
      const part = await takeSound(this.page);
      samples += part.length;
      loudness += energy(part);
      return samples > seconds * RATE;
    });
    return loudness;
  }

  private async recordOnce(until: () => Promise<unknown>): Promise<Float32Array> {
    await takeSound(this.page);
    await missedSound(this.page);
    await this.press(' ');
    await until();
    await this.press(' ');
    await this.page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    const heard: number[] = [];
    await waitUntil('silence after the pause', async () => {
      for (const sample of await takeSound(this.page)) heard.push(sample);
      return heard.some((sample) => sample !== 0) && heard.slice(-SILENCE).every((sample) => sample === 0);
    });
    const start = heard.findIndex((sample) => sample !== 0);
    const end = heard.findLastIndex((sample) => sample !== 0);
    return Float32Array.from(heard.slice(start + FADE, end));
  }
}
