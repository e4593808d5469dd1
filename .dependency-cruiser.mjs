// Who may import whom, without specs. ESLint checks the rest: aliases, the environment, object keys.

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-file-circles',
      comment: 'You cannot read, test or move the files of a circle one by one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-folder-circles',
      comment: 'Two folders that need each other are one folder. A folder and its parent count as one.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'apps-not-apps',
      comment: 'Apps are deployed one by one. Code for two of them belongs in a library.',
      severity: 'error',
      from: { path: '^(apps/[^/]+|libs)/' },
      to: { path: '^apps/', pathNot: '^$1/' },
    },
    {
      name: 'index-only',
      comment: 'The index is the public part of a library.',
      severity: 'error',
      from: { path: '^(apps|libs/[^/]+)/' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: '^$1/' },
    },
    {
      name: 'foundations-import-nothing-of-ours',
      comment: 'Other libraries build on these.',
      severity: 'error',
      from: { path: '^(libs/(?:client|separations|concurrency|flac|stretch))/' },
      to: { path: '^(apps|libs)/', pathNot: '^$1/' },
    },
    {
      name: 'contract-runs-in-browsers',
      comment: 'The page loads them, and a browser has no Node modules.',
      severity: 'error',
      from: { path: '^libs/(?:client|flac|separations|stretch)/src/', pathNot: '^libs/client/src/(?:cli|node)/' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    // a type-only import ties files together as well
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(test|contract|dist)/|\\.(spec|fixture)\\.ts$' },
  },
};
