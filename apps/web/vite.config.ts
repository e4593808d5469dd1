// builds the page into dist/apps/web, from where rest-server serves it
import { defineConfig } from 'vite';

/** where `npm start` listens: the API for the page under `npx vite apps/web` */
const API = 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../dist/apps/web',
    emptyOutDir: true,
    target: 'es2022',
    // the content-security policy allows no data: scripts, and one song must not become text
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  worker: { format: 'es' },
  server: { proxy: { '/v1': API, '/docs': API } },
});
