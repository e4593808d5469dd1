import { resolve } from 'node:path';
import { Module } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { API_CONFIG } from '../config/api-config.module.js';
import { pageFile, readPage } from './page-files.js';
import { PAGE, PageController, type PageFiles } from './page.controller.js';
import { PLACEHOLDER } from './placeholder.js';

/** dist/apps/web, from dist/apps/api/apps/api/src/page */
const FOLDER = resolve(import.meta.dirname, '../../../../../web');

const INDEX = 'index.html';

/** the built page's default limit, replaced by this server's */
const LIMIT = /(<meta name="max-upload-bytes" content=")\d+/;

@Module({
  controllers: [PageController],
  providers: [{ provide: PAGE, inject: [API_CONFIG], useFactory: loadPage }],
})
export class PageModule {}

async function loadPage({ limits }: ApiConfig): Promise<PageFiles> {
  const files = new Map(await readPage(FOLDER));
  const html = files.get(INDEX)?.bodies.identity.toString() ?? PLACEHOLDER;
  files.delete(INDEX);
  const index = html.replace(LIMIT, `$1${limits.maxUploadBytes}`);
  return { index: await pageFile(INDEX, Buffer.from(index)), files };
}
