// builds the page into dist/apps/web; rest-server serves it from there
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** the address of `npm start`: the API for the page under `npx vite apps/web` */
const API = 'http://127.0.0.1:3000';

const CONTRACT = fileURLToPath(new URL('../../libs/separations/src/', import.meta.url));

export default defineConfig({
  root: import.meta.dirname,
  resolve: { alias: { '@app/separations': `${CONTRACT}index.ts` } },
  build: {
    outDir: '../../dist/apps/web',
    emptyOutDir: true,
    target: 'es2022',
    // the content security policy allows no data: scripts, and the demo song must stay a file
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // leaves out unused schemas of the contract, and zod with them
    rollupOptions: { treeshake: { moduleSideEffects: (id) => !id.startsWith(CONTRACT) } },
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  worker: { format: 'es' },
  server: { proxy: { '/v1': API, '/docs': API } },
});
