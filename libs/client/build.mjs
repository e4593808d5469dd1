// makes dist/client, a package without dependencies: `npm publish ./dist/client`
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const PACKAGE = new URL('dist/client/', ROOT);

const read = (file) => JSON.parse(readFileSync(new URL(file, ROOT), 'utf8'));
const copy = (file, name) => copyFileSync(new URL(file, ROOT), new URL(name, PACKAGE));

rmSync(PACKAGE, { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const arguments_ = [compiler, '--project', fileURLToPath(new URL('libs/client', ROOT))];
const { status } = spawnSync(process.execPath, arguments_, { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const { name, ...rest } = read('libs/client/package.json');
const { version } = read('package.json');
writeFileSync(new URL('package.json', PACKAGE), `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);
copy('libs/client/README.md', 'README.md');
copy('LICENSE', 'LICENSE');
chmodSync(new URL('cli/main.js', PACKAGE), 0o755);
