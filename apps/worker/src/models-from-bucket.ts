// The init container of `models.source: bucket`: copies models from the bucket to MODELS_DIR.
// `models-from-bucket.js [--prefix models/] MODEL …`; the engine checks the weights when it loads them.
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { loadWorkerConfig } from '@app/config';
import { licenceOf, type LicenceClass } from '@app/separations';
import { createObjectStore, type ObjectStore } from '@app/storage';

async function copyModel(store: ObjectStore, prefix: string, model: string, modelsDir: string): Promise<void> {
  let found = false;
  for await (const { key, bytes } of store.list(`${prefix}${model}/`)) {
    found = true;
    const file = join(modelsDir, key.slice(prefix.length));
    const present = await stat(file).catch(() => undefined);
    if (present?.size === bytes) continue;
    await mkdir(dirname(file), { recursive: true });
    // a restarted container must not mistake half a file for a model
    const partial = `${file}.partial`;
    await pipeline(await store.get(key), createWriteStream(partial));
    await rename(partial, file);
    console.log(`${key}: ${bytes} bytes`);
  }
  if (!found) throw new Error(`the bucket has no model below ${prefix}${model}/`);
}

function requireAllowed(model: string, allowed: ReadonlySet<LicenceClass>): void {
  const licence = licenceOf(model);
  if (allowed.has(licence.class)) return;
  throw new Error(
    `the license of ${model} is ${licence.class}, but MODEL_LICENCES allows only ${[...allowed].join(', ')}`,
  );
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { prefix: { type: 'string', default: 'models/' } },
    allowPositionals: true,
  });
  const { storage, engine, modelLicences } = loadWorkerConfig();
  for (const model of positionals) requireAllowed(model, modelLicences);
  const store = createObjectStore(storage);
  try {
    for (const model of positionals) await copyModel(store, values.prefix, model, engine.modelsDir);
  } finally {
    await store.close();
  }
}

main().catch((error: unknown) => {
  console.error(`Cannot fetch the models: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
