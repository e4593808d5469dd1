import { describe, expect, it } from '@jest/globals';
import { KNOWN_MODELS, type LicenceClass } from '@app/separations';
import { ProblemError } from '../problems/problem.error.js';
import { ModelCatalogue } from './model-catalogue.js';

const ALL: readonly LicenceClass[] = ['permissive', 'copyleft', 'non-commercial', 'none-stated', 'own'];

const withInstalled = (...names: string[]) =>
  new ModelCatalogue(KNOWN_MODELS, new Set(names), new Set(), new Set(), 'htdemucs', new Set(ALL));

function refusalOf(sut: ModelCatalogue, name: string): ProblemError {
  try {
    sut.pick(name);
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error(`${name} was accepted`);
}

describe(ModelCatalogue.name, () => {
  it('takes a recipe that a worker has', () => {
    expect(withInstalled('htdemucs_ft', 'ft3').pick('ft3')).toMatchObject({ name: 'ft3' });
  });

  it.each([
    ['ft3', 'No running worker has the model "ft3".'],
    [
      'karaoke',
      'No running worker has the recipe "karaoke". It needs the models lead_vocals and melband_roformer_kim.',
    ],
  ])('refuses the recipe %s while a model of it is missing', (name, sentence) => {
    const refusal = refusalOf(withInstalled('demo', 'htdemucs'), name);

    expect(refusal).toMatchObject({ code: 'model_not_installed', message: sentence });
    expect(refusal.extras).toEqual({ allowed: ['demo', 'htdemucs'] });
  });

  it('refuses a model that needs another installation while no worker has it', () => {
    expect(refusalOf(withInstalled('htdemucs'), 'hdemucs_mmi')).toMatchObject({ code: 'model_not_installed' });
  });

  it('accepts every known model while no worker is live', () => {
    const names = new Set(KNOWN_MODELS.map(({ name }) => name));
    const sut = new ModelCatalogue(KNOWN_MODELS, new Set(), names, new Set(), 'htdemucs', new Set(ALL));

    expect(sut.pick('ft3')).toMatchObject({ name: 'ft3' });
    expect(refusalOf(sut, 'karaoke')).toMatchObject({ code: 'model_not_installed' });
  });
});
