import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Separation } from '@app/separations';
import { makeSong } from '../support/songs/songs.js';
import { slowEngine } from '../support/service/slow-engine.js';
import { TcpProxy } from '../support/servers/tcp-proxy.js';
import { TestService } from '../support/service/test-service.js';
import { wav } from '../support/songs/wav.js';
import { waitUntil } from '../support/wait-until.js';
import { openBrowser, WatchedPage } from './support/browser.js';

const MIB = 1024 * 1024;

describe('the songs on the page', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  let proxy: TcpProxy | undefined;

  beforeAll(async () => {
    [service, browser] = await Promise.all([
      TestService.start({ env: { MAX_UPLOAD_BYTES: String(4 * MIB), ...slowEngine(0.6) } }),
      openBrowser(),
    ]);
    watched = await WatchedPage.open(browser, service.api.url);
    page = watched.page;
  });

  afterAll(async () => {
    await browser.close();
    await proxy?.close();
    await service.close();
  });

  const card = (name: string): Locator =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });
  const song = async (seconds: number, variant: number): Promise<Buffer> =>
    readFile(await makeSong(service.folder, seconds, variant));
  const separations = async (): Promise<readonly Separation[]> =>
    (await service.api.json<{ separations: Separation[] }>('/v1/separations')).body.separations;

  it('refuses files before the upload that the server would refuse, with a reason and a code', async () => {
    await watched.drop(
      { name: 'big.wav', bytes: Buffer.alloc(4 * MIB + 1), type: 'audio/wav' },
      { name: 'letter.pdf', bytes: Buffer.from('%PDF'), type: 'application/pdf' },
      { name: 'cinema.avi', bytes: Buffer.alloc(8), type: 'video/x-msvideo' },
      { name: 'empty.mp3', bytes: Buffer.alloc(0) },
    );
    await card('big.wav').getByText('larger than the 4 MB').waitFor();
    expect(await card('big.wav').getByRole('alert').textContent()).toContain('file_too_large');
    expect(await card('letter.pdf').getByRole('alert').textContent()).toContain('not_audio');
    expect(await card('cinema.avi').getByRole('alert').textContent()).toContain('not_audio');
    expect(await card('empty.mp3').getByRole('alert').textContent()).toContain('empty_file');
    expect(await separations()).toEqual([]);
  });

  it('says so when the server finds no audio in a file', async () => {
    await watched.drop({ name: 'text.mp3', bytes: Buffer.from('not audio at all') });
    await card('text.mp3').getByText('found no audio it can read').waitFor();
    for (const name of ['big.wav', 'letter.pdf', 'cinema.avi', 'empty.mp3', 'text.mp3']) {
      await page.getByRole('button', { name: `Dismiss: ${name}` }).click();
    }
    expect(await page.getByRole('listitem').count()).toBe(0);
    // the browser logs the refusal
    expect(watched.faults.splice(0).every((fault) => fault.includes('415'))).toBe(true);
  });

  it('goes on with an upload where its connection broke', async () => {
    proxy = await TcpProxy.start(Number(new URL(service.api.url).port));
    const far = await WatchedPage.open(browser, `http://127.0.0.1:${proxy.port}`);
    const bytes = wav({ seconds: 20, frequency: 437.3 });
    const offsets: number[] = [];
    far.page.on('request', (request) => {
      if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
    });
    // Chromium tries a broken request again by itself, once: the page sees every second break
    proxy.breakEvery(Math.floor(0.12 * bytes.length), 6);
    await far.drop({ name: 'train.wav', bytes, type: 'audio/wav' });
    await far.page.getByRole('button', { name: 'Cancel: train.wav' }).click();
    await far.page.getByText('Canceled', { exact: true }).waitFor();
    expect(proxy.breaksLeft).toBe(0);
    expect(offsets[0]).toBe(0);
    expect(offsets.at(-1)).toBeGreaterThan(0);
    const [{ id } = { id: '' }] = await separations();
    expect((await service.api.bytes(`/v1/separations/${id}/input`)).body.equals(bytes)).toBe(true);
    await far.page.getByRole('button', { name: 'Remove: train.wav' }).waitFor();
    await service.api.fetch(`/v1/separations/${id}`, { method: 'DELETE' });
    await far.close();
  });

  it('tells a file that has gone from a broken connection', async () => {
    const path = join(service.folder, 'gone.wav');
    await writeFile(path, wav({ seconds: 1 }));
    await page.route('**/v1/separations', async (route) => {
      await rm(path, { force: true });
      await route.continue();
    });
    await page.locator('input[type=file]').first().setInputFiles(path);
    await card('gone.wav').getByText('can no longer read this file').waitFor();
    await page.unroute('**/v1/separations');
    await page.getByRole('button', { name: 'Dismiss: gone.wav' }).click();
    // the browser logs the file that it did not find
    watched.faults.splice(0);
  });

  it('separates two songs at once, and cancels one', async () => {
    await watched.drop({ name: 'one.mp3', bytes: await song(8, 1) }, { name: 'two.mp3', bytes: await song(20, 2) });
    await page.getByRole('button', { name: 'Cancel: two.mp3' }).click();
    await card('two.mp3').getByText('Canceled', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Close the mixer: one.mp3' }).waitFor();
    // it can be heard before
    await page.getByRole('button', { name: 'This mix' }).waitFor();
    expect((await separations()).map(({ status }) => status).sort()).toEqual(['cancelled', 'completed']);
  });

  it('separates a canceled song on request', async () => {
    await page.getByRole('button', { name: 'Try again: two.mp3' }).click();
    await page.getByRole('button', { name: 'Open the mixer: two.mp3' }).waitFor();
    expect(await page.getByText('You already have this song').count()).toBe(0);
  });

  it('loses nothing when the page reloads during a separation', async () => {
    await watched.drop({ name: 'three.mp3', bytes: await song(25, 3) });
    await page.getByRole('button', { name: 'Cancel: three.mp3' }).waitFor();
    await page.reload();
    await waitUntil('the tab to show the song', async () => (await page.title()).includes('three.mp3'), {
      deadlineMs: 20_000,
    });
    await page.getByRole('button', { name: 'Open the mixer: three.mp3' }).waitFor();
    expect(await page.locator('.mixer').count()).toBe(1);
    expect(watched.faults).toEqual([]);
  });

  it('survives a restart of the server during a separation', async () => {
    await watched.drop({ name: 'four.mp3', bytes: await song(30, 4) });
    await page.getByRole('button', { name: 'Cancel: four.mp3' }).waitFor();
    const [server] = service.apis.splice(0);
    await server?.app.kill();
    await page.getByText('The server is not responding').waitFor();
    await service.startApi({ PORT: String(server?.port) });
    await page.getByRole('button', { name: 'Open the mixer: four.mp3' }).waitFor();
    expect(await page.getByText('The server is not responding').count()).toBe(0);
    // the browser logs the lost connections
    watched.faults.splice(0);
  });

  it('leaves a mixer closed that was closed while its song was separated', async () => {
    await page.getByRole('button', { name: 'Close the mixer: one.mp3' }).click();
    await watched.drop({ name: 'five.mp3', bytes: await song(25, 6) });
    await page.getByRole('button', { name: 'Close the mixer: five.mp3' }).click();
    // said when it is done, like the mixer would open
    await page.getByRole('status').getByText('five.mp3 is ready').waitFor({ state: 'attached' });
    expect(await page.locator('.mixer').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Open the mixer: five.mp3' }).count()).toBe(1);
    // the browser logs the parts that the closed mixer did not wait for
    watched.faults.splice(0);
  });

  it('removes a song after a confirmation', async () => {
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Remove: one.mp3' }).click();
    await card('one.mp3').waitFor({ state: 'detached' });
    expect((await separations()).map(({ fileName }) => fileName)).not.toContain('one.mp3');
  });

  it('sends a song again that the server was too busy for', async () => {
    const busy = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'busy' }) };
    await page.route('**/v1/separations', (route) => route.fulfill(busy), { times: 1 });
    await watched.drop({ name: 'patient.mp3', bytes: await song(2, 5) });
    await page.getByRole('button', { name: /the mixer: patient\.mp3/ }).waitFor();
    // the browser logs the refusal
    expect(watched.faults.splice(0)).toEqual([expect.stringContaining('503')]);
  });
});
