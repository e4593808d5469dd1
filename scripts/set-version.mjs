// `npm version NEW`: package.json has the version; this copies it to the chart, the engine, compose and docs, and stages them
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './support/fail.mjs';
import { root, version } from './support/paths.mjs';
import { mustRun } from './support/run.mjs';

const COPIES = {
  'charts/music-separation/Chart.yaml': [
    [/^version: .*$/m, `version: ${version}`],
    [/^appVersion: .*$/m, `appVersion: "${version}"`],
    // of Artifact Hub
    [/(music-separation-[a-z-]+:|\/blob\/v)\d[^/\s]*/g, `$1${version}`],
    [/(prerelease: ).*$/m, `$1"${version.includes('-')}"`],
  ],
  'engine/src/separation_engine/__init__.py': [[/^__version__ = .*$/m, `__version__ = "${version}"`]],
  'clients/python/src/music_separation/__init__.py': [[/^__version__ = .*$/m, `__version__ = "${version}"`]],
  'compose.yaml': [[/\$\{VERSION:-[^}]*\}/g, `\${VERSION:-${version}}`]],
  'compose.gpu.yaml': [[/\$\{VERSION:-[^}]*\}/g, `\${VERSION:-${version}}`]],
  'docs/gke.md': [[/^VERSION=.*$/m, `VERSION=${version}`]],
  '.env.example': [[/^#VERSION=.*$/m, `#VERSION=${version}`]],
};

await main(async () => {
  for (const [name, replacements] of Object.entries(COPIES)) {
    const file = join(root, name);
    const text = replacements.reduce((old, [line, wanted]) => old.replace(line, wanted), readFileSync(file, 'utf8'));
    writeFileSync(file, text);
  }
  await mustRun('The copies could not be staged.', 'git', ['add', ...Object.keys(COPIES)]);
});
