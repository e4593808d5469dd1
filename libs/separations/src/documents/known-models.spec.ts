import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { DEMO_MODEL, KNOWN_MODELS, findKnownModel } from '../index.js';

describe('KNOWN_MODELS', () => {
  it('lists the models of the engine, with their stems, licences and costs', async () => {
    const python = process.env['ENGINE_PYTHON'] ?? 'engine/.venv/bin/python';
    const { stdout } = await promisify(execFile)(python, ['-m', 'separation_engine', 'models', 'list', '--json']);
    const lines = stdout.trim().split('\n');
    const ofEngine = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const known = KNOWN_MODELS.map(({ weights, ...model }) => ({ ...model, weights: weights !== '' }));
    expect(known).toEqual(
      ofEngine.map(({ name, stems, licence, licenceSource, relativeCost }) => ({
        name,
        stems,
        licence,
        licenceSource,
        relativeCost,
        weights: true,
      })),
    );
  });

  it('gives no licence to weights whose author gave them none, and names the source', () => {
    for (const { name, licence, licenceSource } of KNOWN_MODELS.filter((model) => model.name !== DEMO_MODEL)) {
      expect({ name, licence }).toEqual({ name, licence: 'none stated' });
      expect(licenceSource).toContain('facebookresearch/demucs/issues/327');
    }
  });

  it('names the weights of the demo model that ships', async () => {
    const bag = await readFile('engine/src/separation_engine/demo_model/demo.yaml', 'utf8');
    expect(bag).toContain(`['${findKnownModel('demo')?.weights ?? ''}']`);
  });
});
