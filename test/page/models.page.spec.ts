import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { WorkerPresence } from '@app/fleet';
import { RedisConnections } from '@app/redis';
import type { ModelDescription, Separation } from '@app/separations';
import { TestService } from '../support/service/test-service.js';
import { wav } from '../support/songs/wav.js';
import { openBrowser, WatchedPage } from './support/browser.js';

const MODEL: ModelDescription = {
  name: 'concert',
  stems: ['crowd', 'vocals', 'lead_guitar'],
  weights: 'abcd1234',
  licence: 'MIT',
  licenceClass: 'permissive',
  licenceSource: 'https://example.org/licence',
  relativeCost: 2,
};

describe('a model with stems of its own', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    [service, browser] = await Promise.all([TestService.prepare(), openBrowser()]);
    await service.startApi({ MODEL: MODEL.name, MODEL_LICENCES: 'own' });
    await announce();
    watched = await WatchedPage.open(browser, service.api.url);
    page = watched.page;
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  /** Announces the model like a worker; its songs stay in line. */
  async function announce(): Promise<void> {
    const connections = new RedisConnections({ url: service.redis.url });
    const worker = {
      workerId: 'a',
      queue: 'toWorkers',
      engines: 1,
      device: 'cpu',
      backend: 'torch',
      precision: 'fp32',
      realTimeFactor: {},
    };
    await new WorkerPresence(connections).announce({ ...worker, models: [MODEL] });
    await connections.close();
  }

  it('has a checkbox for each of them, and for the instrumental', async () => {
    await page.getByText('Options').click();
    const stems = page.getByRole('group', { name: 'Stems' });
    expect(await stems.locator('label').allTextContents()).toEqual(['Vocals', 'Instrumental', 'Crowd', 'Lead guitar']);
    const choices = await page.getByRole('combobox', { name: 'Model' }).locator('option').allTextContents();
    expect(choices).toContain('concert: Vocals, Crowd, Lead guitar, takes 2× as long · default');
    expect(choices).toContain('demo: for a first try, very fast · not installed');
    expect(choices).toContain('htdemucs_ft: clearer stems, takes 4× as long · license not allowed here');
    await page.getByText('Makes Vocals, Crowd, Lead guitar. License: permissive. MIT. Source').waitFor();
    expect(await page.locator('.options-now').textContent()).toBe('concert · Vocals, Crowd, Lead guitar · FLAC');
  });

  it('separates the chosen ones', async () => {
    await page.getByRole('checkbox', { name: 'Crowd' }).uncheck();
    const song = { name: 'concert.wav', mimeType: 'audio/wav', buffer: wav({ seconds: 1, frequency: 300 }) };
    await page.locator('input[type=file]').setInputFiles(song);
    await page.getByText('Vocals, Lead guitar · concert').waitFor();
    const { body } = await service.api.json<{ separations: Separation[] }>('/v1/separations');
    expect(body.separations).toMatchObject([{ model: 'concert', stems: ['vocals', 'lead_guitar'] }]);
  });

  it('forgets stems that were chosen for another model', async () => {
    await page.evaluate(`localStorage.setItem('choices', '{"stems":["vocals","drums"]}')`);
    await page.reload();
    await page.getByText('concert · Vocals, Crowd, Lead guitar · FLAC').waitFor();
    expect(watched.faults).toEqual([]);
  });
});
