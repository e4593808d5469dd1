import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { DEMO_SONG, TestService } from '../support/service/test-service.js';
import { openBrowser, WatchedPage } from './support/browser.js';

const UPLOAD = '#operations-separations-createSeparation';

describe('Swagger UI', () => {
  let service: TestService;
  let browser: Browser;

  beforeAll(async () => {
    service = await TestService.prepare();
    [browser] = await Promise.all([openBrowser(), service.startApi()]);
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  it('uploads a song with its form, and leaves the other fields at their defaults', async () => {
    const { page, faults } = await WatchedPage.open(browser, `${service.api.url}/docs`);
    const form = page.locator(UPLOAD);
    await form.locator('.opblock-summary-control').click();
    await form.locator('input[type=file]').setInputFiles(DEMO_SONG);
    await form.locator('.execute').click();
    const status = form.locator('.live-responses-table tbody .response-col_status').first();
    await status.waitFor();
    expect((await status.innerText()).trim()).toMatch(/^202/);
    expect(faults).toEqual([]);
    const { body } = await service.api.json<{ separations: object[] }>('/v1/separations');
    expect(body.separations).toMatchObject([
      { fileName: 'demo-song.mp3', stems: ['vocals', 'drums', 'bass', 'other'] },
    ]);
  });
});
