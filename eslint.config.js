import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// one place reads and checks the environment; specs may set up their own
const ENVIRONMENT = { object: 'process', property: 'env', message: 'Read it in @app/config.' };
// one library decides when a separation has ended, and in which order its documents are written
const DOCUMENTS = ['request', 'manifest'].map((property) => ({
  object: 'objectKeys',
  property,
  message: 'Ask @app/separation-store.',
}));
const SPECS = ['**/*.{spec,fixture}.ts', 'test/**/*.ts', 'apps/*/test/**/*.ts', 'bench/**/*.ts'];
const NODE_GLOBALS = [
  'process',
  'console',
  'URL',
  'fetch',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'AbortSignal',
  'AbortController',
  'Buffer',
  'FormData',
  'Blob',
  'Response',
  'performance',
  'TextDecoder',
];

export default defineConfig(
  { ignores: ['dist/', 'data/', 'coverage/', '**/.venv/', 'libs/client/src/api.generated.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // a Nest module is a class that only carries its decorator
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // Nest declares its options as classes and takes plain objects
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // a relative path into a library goes past its index and breaks when either side moves
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(\\.\\./)+(libs/|[^/]+/src/)', message: 'Import a library by its alias: @app/x.' }] },
      ],
      'no-restricted-properties': ['error', ENVIRONMENT, ...DOCUMENTS],
    },
  },
  { files: ['libs/config/**/*.ts'], rules: { 'no-restricted-properties': ['error', ...DOCUMENTS] } },
  // the command line has no server's configuration
  { files: ['libs/client/src/cli/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['libs/separation-store/**/*.ts'], rules: { 'no-restricted-properties': ['error', ENVIRONMENT] } },
  { files: SPECS, rules: { 'no-restricted-properties': 'off' } },
  // Vite reads its configuration before it knows our aliases; dependency-cruiser still holds it to the index
  { files: ['apps/web/vite.config.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: Object.fromEntries(NODE_GLOBALS.map((name) => [name, 'readonly'])) },
  },
  {
    files: ['apps/web/public/**/*.js'],
    languageOptions: { globals: Object.fromEntries(['self', 'caches'].map((name) => [name, 'readonly'])) },
  },
);
