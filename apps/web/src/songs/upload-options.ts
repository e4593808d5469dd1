import { computed, effect, signal } from '@preact/signals';
import type { Format } from '@app/separations';
import { api, type Model } from '../api/client.js';

export const FORMATS = ['flac', 'mp3', 'wav'] as const satisfies readonly Format[];

export interface Choices {
  /** undefined: the server's default */
  readonly model: string | undefined;
  /** undefined: all of the model */
  readonly stems: readonly string[] | undefined;
  readonly formats: readonly Format[];
}

const NAME = 'choices';
const DEFAULT: Choices = { model: undefined, stems: undefined, formats: ['flac'] };

export const models = signal<readonly Model[]>([]);

/** What the next songs are separated with. */
export const choices = signal<Choices>(remembered());

export const chosenModel = computed(
  () => models.value.find(({ name }) => name === choices.value.model) ?? models.value.find((model) => model.default),
);

/** songs are separated by the small model that comes with the service */
export const isDemoOnly = computed(() => models.value.some((model) => model.default && model.name === 'demo'));

effect(() => {
  localStorage.setItem(NAME, JSON.stringify(choices.value));
});

export async function loadModels(): Promise<void> {
  models.value = (await api.models()).models;
  const { model } = choices.value;
  const isThere = models.value.some(({ name, installed }) => name === model && installed);
  if (model !== undefined && !isThere) choices.value = { ...choices.value, model: undefined, stems: undefined };
}

/** The option fields of an upload. */
export function fieldsOf({ model, stems, formats }: Choices): Record<string, string> {
  return {
    ...(model !== undefined && { model }),
    ...(stems !== undefined && { stems: stems.join(',') }),
    formats: formats.join(','),
  };
}

function remembered(): Choices {
  try {
    return { ...DEFAULT, ...(JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Choices>) };
  } catch {
    return DEFAULT;
  }
}
