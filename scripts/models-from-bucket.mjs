// copies models from a prefix of the bucket to MODELS_DIR: the init container of `models.source: bucket`.
// the engine checks the weights when it loads them; this only brings them.
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { Client } from 'minio';

const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY, S3_SECRET_KEY, MODELS_DIR } = process.env;
const prefix = process.env.MODELS_PREFIX || 'models/';
const wanted = process.argv.slice(2);

const endpoint = new URL(S3_ENDPOINT);
const useSSL = endpoint.protocol === 'https:';
const client = new Client({
  endPoint: endpoint.hostname,
  port: Number(endpoint.port || (useSSL ? 443 : 80)),
  useSSL,
  region: S3_REGION,
  accessKey: S3_ACCESS_KEY,
  secretKey: S3_SECRET_KEY,
  pathStyle: true,
});

async function bring(model) {
  const found = await client.listObjectsV2(S3_BUCKET, `${prefix}${model}/`, true).toArray();
  if (found.length === 0) throw new Error(`the bucket ${S3_BUCKET} has no model below ${prefix}${model}/`);
  for (const { name, size } of found) {
    const file = normalize(join(MODELS_DIR, name.slice(prefix.length)));
    if (!file.startsWith(join(MODELS_DIR, model))) throw new Error(`a strange key: ${name}`);
    const there = await stat(file).catch(() => undefined);
    if (there?.size === size) continue;
    await mkdir(dirname(file), { recursive: true });
    await client.fGetObject(S3_BUCKET, name, `${file}.partial`);
    await rename(`${file}.partial`, file);
    console.log(`${name}: ${size} bytes`);
  }
}

try {
  for (const model of wanted) await bring(model);
} catch (error) {
  console.error(`The models could not be fetched: ${error.message}`);
  process.exitCode = 1;
}
