// Nest 12 has ES modules only, so the specs are ES modules: scripts/test.mjs has the flag
import { readFileSync } from 'node:fs';

const { compilerOptions } = JSON.parse(readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8'));
const libraries = Object.entries(compilerOptions.paths).map(([alias, [file]]) => [
  `^${alias}$`,
  file.replace('./', '<rootDir>/'),
]);

// the factor of every time limit in the specs: 1 holds the service to its promises, on a quiet machine of its own
process.env.TEST_PATIENCE ??= '2';

/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/jest/spec-environment.mjs',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testRegex: '\\.spec\\.ts$',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: Object.fromEntries([
    ...libraries,
    ['^nestjs-minio-client$', '<rootDir>/test/support/jest/nestjs-minio-client.ts'],
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
  // waits have their own deadlines and say what they waited for: this one only ends what has none
  testTimeout: 300_000 * Number(process.env.TEST_PATIENCE),
  // specs mostly wait for other processes: Jest's default would leave half of a small machine idle
  maxWorkers: '100%',
  // Node 20 never frees the ES modules of an ended spec file: 30 MB for each that starts rest-server.
  // a large heap slows down garbage collection and every start of a process, so a new worker takes over
  workerIdleMemoryLimit: '250MB',
};
