import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { KNOWN_MODELS, findKnownModel, modelDescriptionSchema, modelsOfRecipe } from '../index.js';
import { CATALOGUE, MADE, readCatalogue } from './catalogue.fixture.js';

describe('the catalogue', () => {
  it('keeps its schema', async () => {
    const [schema, catalogue] = await Promise.all(
      [CATALOGUE.replace('.json', '.schema.json'), CATALOGUE].map(
        async (path): Promise<object> => JSON.parse(await readFile(path, 'utf8')) as object,
      ),
    );
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, formats: { date: true } });
    ajv.validate(schema ?? {}, catalogue);
    expect(ajv.errors).toBeNull();
  });

  it.each(MADE)('made %s; `npm run catalogue` writes it', async (file, make) => {
    const old = await readFile(file, 'utf8').catch(() => '');
    const made = make(await readCatalogue(), old);
    if (process.env['WRITE_CATALOGUE'] !== undefined) await writeFile(file, made);
    expect(await readFile(file, 'utf8')).toBe(made);
    for (const { name } of KNOWN_MODELS) expect(made).toContain(name);
  });
});

describe('KNOWN_MODELS', () => {
  it('are the models of the engine, with their stems, licences and costs', async () => {
    const python = process.env['ENGINE_PYTHON'] ?? 'engine/.venv/bin/python';
    const { stdout } = await promisify(execFile)(python, ['-m', 'separation_engine', 'models', 'list', '--json']);
    const lines = stdout.trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const ofEngine = rows.filter(({ models }) => models === undefined);
    const known = KNOWN_MODELS.filter(({ name }) => ofEngine.some((model) => model['name'] === name));
    expect(ofEngine).toHaveLength(known.length);
    expect(ofEngine).toMatchObject(
      known.map(({ name, stems, licence, licenceClass, licenceSource, relativeCost }) => ({
        name,
        stems,
        licence,
        licenceClass,
        licenceSource,
        relativeCost,
      })),
    );
  });

  it('are also the recipes of the engine whose models are known, with their stems and costs', async () => {
    const python = process.env['ENGINE_PYTHON'] ?? 'engine/.venv/bin/python';
    const { stdout } = await promisify(execFile)(python, ['-m', 'separation_engine', 'models', 'list', '--json']);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const recipes = rows.filter(({ models }) => models !== undefined);
    for (const { name, stems, models, relativeCost } of recipes) {
      const known = findKnownModel(String(name));
      if (relativeCost === null) {
        expect(known).toBeUndefined();
        expect(modelsOfRecipe(String(name))).toEqual(models);
      } else expect(known).toMatchObject({ name, stems, relativeCost });
    }
    expect(recipes.length).toBeGreaterThan(0);
  });

  it('gives a recipe the weights and the cost of the networks that it runs', () => {
    expect(findKnownModel('ft3')).toMatchObject({
      weights: 'f7e0c4bc+04573f0d',
      relativeCost: 2,
      licenceClass: 'none-stated',
    });
  });

  it('are as the API shows models', () => {
    for (const model of KNOWN_MODELS) expect(modelDescriptionSchema.parse(model)).toEqual(model);
  });

  it('names the weights of the demo model that ships', async () => {
    const bag = await readFile('engine/src/separation_engine/demo_model/demo.yaml', 'utf8');
    expect(bag).toContain(`['${findKnownModel('demo')?.weights ?? ''}']`);
  });
});
