import { beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from '@app/metrics';
import type { Manifest } from '@app/separations';
import { WorkerMetrics } from './worker-metrics.js';

const ACCEPTED = '2026-01-01T00:00:00.000Z';
const MANIFEST = {
  model: 'demo',
  input: { durationSeconds: 60 },
  seconds: { separate: 2 },
  finishedAt: '2026-01-01T00:01:00.000Z',
} as Manifest;

describe(WorkerMetrics.name, () => {
  let registry: Registry;
  let sut: WorkerMetrics;

  beforeEach(() => {
    registry = new Registry();
    sut = new WorkerMetrics(registry, 'toWorkers-gpu');
  });

  const lines = async (): Promise<string[]> => (await registry.metrics()).split('\n');

  it('counts how long songs of normal priority take, and no others', async () => {
    for (const priority of ['low', 'normal'] as const) {
      sut.completed(MANIFEST, { createdAt: ACCEPTED, priority });
      sut.firstSound({ createdAt: ACCEPTED, priority });
    }
    sut.completed(MANIFEST, { createdAt: ACCEPTED });
    const exported = await lines();
    expect(exported).toContain('separation_manifest_seconds_count 2');
    expect(exported).toContain('separation_manifest_seconds_sum 120');
    expect(exported).toContain('separation_first_sound_seconds_count 1');
    expect(exported).toContain('separations_total{outcome="completed"} 3');
  });

  it('tells which queue its ready engines serve, before the first is ready too', async () => {
    expect(await lines()).toContain('engine_ready{queue="toWorkers-gpu"} 0');
    sut.setEngineReady(0, true);
    sut.setEngineReady(1, true);
    expect(await lines()).toContain('engine_ready{queue="toWorkers-gpu"} 2');
  });
});
