import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkerPresence, type WorkerAnnouncement } from '@app/fleet';
import { SeparationQueue } from '@app/queue';
import { KNOWN_MODELS, type ModelList } from '@app/separations';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { ModelCatalogues } from './model-catalogue.js';

const BIG = 'toWorkers-big';

/** A worker that has these models, and takes songs from this queue. */
function worker(queue: string, ...names: string[]): WorkerAnnouncement {
  const models = KNOWN_MODELS.filter(({ name }) => names.includes(name));
  return {
    workerId: queue,
    queue,
    engines: 1,
    models,
    device: 'cpu',
    backend: 'torch',
    precision: 'fp32',
    realTimeFactor: {},
  };
}

describe(`${ModelCatalogues.name}, with pools of workers`, () => {
  let redis: RedisServer;
  let api: InProcessApi;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, { MODEL: 'demo', MODEL_QUEUES: `toWorkers=demo; ${BIG}=htdemucs_ft,ft3` });
  });
  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  const song = (() => {
    let frequency = 300;
    return () => wav({ frequency: (frequency += 1) });
  })();

  it('refuses a model that no pool has, while no worker runs', async () => {
    const { status, body } = await api.client.upload(song(), { model: 'htdemucs' });
    expect([status, body.code]).toEqual([422, 'model_not_installed']);
    expect(body).toMatchObject({ detail: 'No pool of workers has the model "htdemucs".' });
    expect(body).toMatchObject({ allowed: ['demo', 'ft3', 'htdemucs_ft'] });
  });

  it('lets a song wait for a pool without workers, in its own queue', async () => {
    await api.app.get(WorkerPresence).announce(worker('toWorkers', 'demo'));
    const answers = [];
    for (const model of ['demo', 'demo', 'ft3']) {
      answers.push((await api.client.upload(song(), { model })).body);
    }
    expect(answers.map(({ queue }) => queue?.position)).toEqual([1, 2, 1]);
    const depths = [...(await api.app.get(SeparationQueue).depths())].map(([name, { waiting }]) => [name, waiting]);
    expect(depths).toEqual([
      ['toWorkers', 2],
      [BIG, 1],
    ]);
    const metrics = await (await api.client.fetch('/metrics')).text();
    expect(metrics).toContain(`queue_jobs{queue="${BIG}",state="waiting",service="rest-server"} 1`);
    expect(metrics).toMatch(
      new RegExp(`^queue_oldest_wait_seconds\\{queue="${BIG}",service="rest-server"\\} \\d`, 'm'),
    );
  });

  it('offers a model by the workers that get its songs', async () => {
    // the first has the model of the second too, but gets no songs for it
    await api.app.get(WorkerPresence).announce(worker('toWorkers', 'demo', 'htdemucs_ft'));
    await api.app.get(WorkerPresence).announce(worker(BIG, 'ft3'));
    const { body } = await api.client.json<ModelList>('/v1/models');
    expect(body.models.filter(({ installed }) => installed).map(({ name }) => name)).toEqual(['demo', 'ft3']);
    const refused = await api.client.upload(song(), { model: 'htdemucs_ft' });
    expect(refused.body).toMatchObject({ detail: 'No running worker has the model "htdemucs_ft".' });
  });
});
