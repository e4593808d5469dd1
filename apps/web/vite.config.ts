// builds the page into dist/apps/web; rest-server serves it from there
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { findStretchLibrary } from '../../libs/stretch/src/index.js';

/** the address of `npm start`: the API for the page under `npx vite apps/web` */
const API = 'http://127.0.0.1:3000';

const CONTRACT = fileURLToPath(new URL('../../libs/separations/src/', import.meta.url));

const CLIENT = fileURLToPath(new URL('../../libs/client/src/index.ts', import.meta.url));

const STRETCH = fileURLToPath(new URL('../../libs/stretch/src/index.ts', import.meta.url));

const FLAC = fileURLToPath(new URL('../../libs/flac/src/index.ts', import.meta.url));

/** The page loads the time stretcher as a file of its own, when it is used. Its npm package has it as text in a script. */
function stretchLibrary(): Plugin {
  const id = 'virtual:stretch-library';
  const source = readFileSync(createRequire(import.meta.url).resolve('signalsmith-stretch'), 'utf8');
  const { wasm, names } = findStretchLibrary(source);
  let isBuild = true;
  return {
    name: 'stretch-library',
    configResolved: ({ command }) => {
      isBuild = command === 'build';
    },
    resolveId: (wanted) => (wanted === id ? id : undefined),
    load(wanted) {
      if (wanted !== id) return undefined;
      const url = isBuild
        ? `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name: 'stretch.wasm', source: wasm })}`
        : JSON.stringify(`data:application/wasm;base64,${Buffer.from(wasm).toString('base64')}`);
      return `export const wasmUrl = ${url};\nexport const names = ${JSON.stringify(names)};`;
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [stretchLibrary()],
  resolve: {
    alias: {
      '@app/client': CLIENT,
      '@app/separations': `${CONTRACT}index.ts`,
      '@app/flac': FLAC,
      '@app/stretch': STRETCH,
    },
  },
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
