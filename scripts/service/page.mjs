// the page of `npm run dev`: Vite replaces what a save changed, and passes calls of the API on
import { join } from 'node:path';
import { createServer } from 'vite';
import { root } from '../support/paths.mjs';

/** @returns {Promise<string>} the page's address */
export async function servePage(host, api) {
  const proxy = { '/v1': api, '/docs': api };
  const folder = join(root, 'apps', 'web');
  const vite = await createServer({
    configFile: join(folder, 'vite.config.ts'),
    logLevel: 'warn',
    server: { host, proxy },
  });
  await vite.listen();
  return new URL(vite.resolvedUrls.local[0] ?? vite.resolvedUrls.network[0]).origin;
}
