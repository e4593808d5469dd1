import type { SeparationOptions } from '@app/client';
import { computed, effect, signal } from '@preact/signals';
import { api } from '../../api/client.js';
import { DEMO_MODEL, INSTRUMENTAL, sortStems, type Format, type Model } from '../../api/contract.js';

interface UploadOptions {
  /** undefined: the server's default */
  readonly model: string | undefined;
  /** undefined: all of the model's */
  readonly stems: readonly string[] | undefined;
  readonly formats: readonly Format[];
}

const STORAGE_KEY = 'choices';
const DEFAULT: UploadOptions = { model: undefined, stems: undefined, formats: ['flac'] };

export const models = signal<readonly Model[]>([]);

/** Applies to songs added from now on. */
export const uploadOptions = signal<UploadOptions>(storedOptions());

export const selectedModel = computed(
  () =>
    models.value.find(({ name }) => name === uploadOptions.value.model) ?? models.value.find((model) => model.default),
);

/** what the server makes if none are chosen */
export const defaultStems = computed(() => sortStems(selectedModel.value?.stems ?? []));

export const selectedStems = computed(() => uploadOptions.value.stems ?? defaultStems.value);

/** the model's own stems, plus the instrumental if it makes the vocals */
export const availableStems = computed(() =>
  sortStems([...defaultStems.value, ...(defaultStems.value.includes('vocals') ? [INSTRUMENTAL] : [])]),
);

/** the default is the small model that ships with the service */
export const isDemoOnly = computed(() => models.value.some((model) => model.default && model.name === DEMO_MODEL));

effect(() => {
  localStorage.setItem(STORAGE_KEY, JSON.stringify(uploadOptions.value));
});

export function setOptions(change: Partial<UploadOptions>): void {
  uploadOptions.value = { ...uploadOptions.value, ...change };
}

export async function loadModels(): Promise<void> {
  models.value = (await api.models()).models;
  const { model, stems } = uploadOptions.value;
  const isOffered = models.value.some((one) => one.name === model && one.installed && one.allowed !== false);
  if (model !== undefined && !isOffered) setOptions({ model: undefined, stems: undefined });
  // the server's default model may have changed
  if (stems?.some((stem) => !availableStems.value.includes(stem))) setOptions({ stems: undefined });
}

/** what an upload asks for */
export function wantedOptions({ model, stems, formats }: UploadOptions): SeparationOptions {
  return { ...(model !== undefined && { model }), ...(stems !== undefined && { stems }), formats };
}

function storedOptions(): UploadOptions {
  try {
    return { ...DEFAULT, ...(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}') as Partial<UploadOptions>) };
  } catch {
    return DEFAULT;
  }
}
