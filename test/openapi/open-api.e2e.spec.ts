import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import { loadApiConfig } from '@app/config';
import { createObjectStore } from '@app/storage';
import { objectKeys, type SeparationId, type SeparationPage } from '@app/separations';
import { storeSeparation } from '../../apps/api/src/media/completed-separation.fixture.js';
import type { ApiClient } from '../support/service/api-client.js';
import { keyLine } from '../support/service/in-process-api.js';
import { patient } from '../support/patience.js';
import { TestService } from '../support/service/test-service.js';
import { ownerFolder } from '../../apps/api/src/webhooks/delivery-ref.js';
import { newSecret } from '../../apps/api/src/webhooks/signature.js';
import { WebhookStore } from '../../apps/api/src/webhooks/webhook-store.js';
import { someAnalysis, someId } from '../support/separations/stored-separations.js';
import { waitUntil } from '../support/wait-until.js';
import type { OpenApi } from '../../apps/api/src/docs/open-api.fixture.js';
import { unmetResponses } from './fuzz-report.js';
import { runPython, runTool } from './run-tool.js';

const HERE = import.meta.dirname;
const KEY = 'key-of-the-fuzzer';
const OWNER = 'fuzzer';
/** those of the examples in the document */
const STEMS = ['vocals', 'drums', 'bass', 'other'];
const ATTEMPT = '5f0c9d3b7a61';
const DELIVERY = '1796000000000-0123456789abcdef';
const EVENT = 'separation.completed';

/** random calls for each operation; the fixed ones follow from the document. See CONTRIBUTING.md */
const EXAMPLES = process.env['FUZZ_EXAMPLES'] ?? '3';
const SEED = process.env['FUZZ_SEED'] ?? '1';
const FUZZ_MS = 90_000 + 1000 * Number(EXAMPLES) * 20;

describe('the OpenAPI document of a running rest-server', () => {
  let service: TestService;
  let client: ApiClient;
  let folder: string;
  let document: OpenApi;
  let stored: Stored;

  beforeAll(async () => {
    service = await TestService.prepare();
    folder = join(service.folder, 'tools');
    await mkdir(folder);
    stored = await storeSeparations(service);
    const keysFile = join(service.folder, 'keys');
    await writeFile(keysFile, keyLine(OWNER, KEY));
    await service.startApi({ API_KEYS_FILE: keysFile, RATE_LIMIT_PER_MINUTE: '1000000', WEBHOOK_ALLOW: '127.0.0.1' });
    client = service.client(0, KEY);
    const all = Object.values(stored).flat().length;
    await waitUntil('all are listed', async () => (await list(all)).separations.length === all);
    document = (await client.json<OpenApi>('/docs-json')).body;
    await writeFile(join(folder, 'api.json'), JSON.stringify(document));
  });

  afterAll(() => service.close());

  async function list(limit: number): Promise<SeparationPage> {
    return (await client.json<SeparationPage>(`/v1/separations?limit=${limit}`)).body;
  }

  async function beginUploads(count: number): Promise<string[]> {
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': '1000000' };
    const begin = async (): Promise<string> => {
      const answer = await client.json('/v1/uploads', { method: 'POST', headers });
      return answer.headers.get('location')?.split('/').at(-1) ?? '';
    };
    return Promise.all(Array.from({ length: count }, begin));
  }

  it('makes types for TypeScript that fit its use', async () => {
    const node = (module: string, ...args: string[]): Promise<string> =>
      runTool(process.execPath, [resolve('node_modules', module), ...args], { cwd: folder });
    const generated = await node('openapi-typescript/bin/cli.js', 'api.json', '-o', 'api.ts');
    expect(generated).not.toMatch(/warn|error/i);
    await copyFile(join(HERE, 'typed-client.txt'), join(folder, 'client.ts'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const options = ['--noEmit', '--strict', '--noUncheckedIndexedAccess', '--module', 'nodenext'];
    expect(await node('typescript/bin/tsc', ...options, 'client.ts')).toBe('');
  });

  it('keeps its word in every call of a fuzzer', async () => {
    await copyFile(join(HERE, 'schemathesis.toml'), join(folder, 'schemathesis.toml'));
    const uploads = { uploads: await beginUploads(4), droppable: await beginUploads(4) };
    for (const [name, ids] of Object.entries({ ...stored, ...(await storeWebhooks(service)), ...uploads })) {
      await writeFile(join(folder, `${name}.txt`), ids.map((id) => JSON.stringify(id)).join('\n'));
    }
    const cursor = (await list(1)).nextCursor ?? '';
    const options = ['--seed', SEED, '--max-examples', EXAMPLES, '--report-har-path', 'calls.har'];
    const output = await runPython(
      ['-m', 'schemathesis.cli', '--config-file', 'schemathesis.toml', 'run', `${client.url}/docs-json`, ...options],
      {
        cwd: folder,
        env: { PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1', FUZZ_KEY: KEY, FUZZ_CURSOR: cursor },
        timeoutMs: patient(FUZZ_MS),
      },
    );
    expect(output).toMatch(/No issues found/);
    // every operation of the document was tested
    expect(output).toMatch(/Selected: (\d+)\/\1\n\s*Tested: \1/);
    // and met its files, not only their problems. A worker would be needed for a song that was separated before
    expect(await unmetResponses(document, join(folder, 'calls.har'))).toEqual(['createSeparation 200']);
  });
});

/** `ids` are completed, with all their files; `running` have a preview */
type Stored = Readonly<Record<'ids' | 'deletable' | 'cancellable' | 'running', readonly string[]>>;

/** Webhooks of the key, each with one delivery that ended: of `webhooks` it is sent again, `deletableWebhooks` go. */
async function storeWebhooks({ folder, redis }: TestService): Promise<Record<string, string[]>> {
  const { storage } = loadApiConfig({ DATA_DIR: folder, REDIS_URL: redis.url.href });
  const objects = createObjectStore(storage);
  const store = new WebhookStore(objects);
  const two = (): Promise<string[]> => Promise.all([storeWebhook(store), storeWebhook(store)]);
  try {
    return { webhooks: await two(), deletableWebhooks: await two() };
  } finally {
    await objects.close();
  }
}

async function storeWebhook(store: WebhookStore): Promise<string> {
  const id = `wh_${randomBytes(16).toString('hex')}`;
  const createdAt = new Date().toISOString();
  const url = 'https://hooks.invalid/';
  await store.write({ id, owner: OWNER, url, events: [EVENT], createdAt, secret: newSecret() });
  const ref = { owner: ownerFolder(OWNER), webhookId: id, n: DELIVERY };
  const times = { createdAt, since: createdAt };
  const separationId = someId();
  const ended = { n: DELIVERY, event: EVENT, separationId, status: 'failed', attempts: [], isTrial: false } as const;
  await store.add(ref, { ...ended, ...times }, '{}');
  await store.clearDue(ref);
  return id;
}

/** With one key as their owner, before the server starts. */
async function storeSeparations({ folder, redis }: TestService): Promise<Stored> {
  const config = loadApiConfig({ DATA_DIR: folder, REDIS_URL: redis.url.href });
  const enginePython = resolve('engine', '.venv', 'bin', 'python');
  const ffmpeg = new Ffmpeg(await resolveFfmpeg({ ffmpegPath: undefined, enginePython }), config.scratchDir);
  const store = createObjectStore(config.storage);
  const two = async (stems: readonly string[], completed = true): Promise<SeparationId[]> => {
    const given = { seconds: 0.5, stems, owner: OWNER, completed };
    const made = [storeSeparation(ffmpeg, store, given), storeSeparation(ffmpeg, store, given)];
    return (await Promise.all(made)).map(({ id }) => id);
  };
  try {
    const [ids, deletable, cancellable, running] = await Promise.all([
      two(STEMS),
      two(['vocals']),
      two(STEMS, false),
      two(STEMS, false),
    ]);
    // the other one is still to be analyzed
    for (const id of ids.slice(0, 1)) await store.putText(objectKeys.analysis(id), JSON.stringify(someAnalysis()));
    for (const id of running) {
      const key = objectKeys.previewBlock(id, ATTEMPT, 'vocals', 0);
      await store.put(key, Readable.from([Buffer.alloc(1000)]));
    }
    return { ids, deletable, cancellable, running };
  } finally {
    await store.close();
  }
}
