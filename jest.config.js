// the specs run as ES modules (Nest 12 has no other form): see the test command in scripts/test.mjs
import { readFileSync } from 'node:fs';

const { compilerOptions } = JSON.parse(readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8'));
const libraries = Object.entries(compilerOptions.paths).map(([alias, [file]]) => [
  `^${alias}$`,
  file.replace('./', '<rootDir>/'),
]);

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testRegex: '\\.spec\\.ts$',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: Object.fromEntries([
    ...libraries,
    ['^nestjs-minio-client$', '<rootDir>/test/support/nestjs-minio-client.ts'],
    ['^(\\.{1,2}/.*)\\.js$', '$1'],
  ]),
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testTimeout: 60_000,
  // a spec mostly waits for other processes: one worker less than cores would leave half of a small machine idle
  maxWorkers: '100%',
};
