// builds the page into dist/apps/web, where rest-server finds it
import { defineConfig } from 'vite';

/** where `npm start` listens; `npx vite apps/web` forwards API calls to it */
const API = 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../dist/apps/web',
    emptyOutDir: true,
    target: 'es2022',
    // the content security policy forbids data: scripts, and the demo song must stay a file
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  worker: { format: 'es' },
  server: { proxy: { '/v1': API, '/docs': API } },
});
