import { InvalidDocumentError } from './invalid-document.error.js';
import { isRecord } from './json.js';
import type { SeparationOptions, StemName } from './options.js';
import { isSeparationId, type SeparationId } from './separation-id.js';
import type { Stage } from './stages.js';

export interface ManifestInput {
  readonly sha256: string;
  readonly codec: string;
  /** of the uploaded file, Hz */
  readonly sampleRate: number;
  /** of the uploaded file */
  readonly channels: number;
  /** decoded length at 44.1 kHz; every stem has exactly as many */
  readonly samples: number;
  readonly durationSeconds: number;
}

export interface ManifestStem {
  readonly name: StemName;
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly samples: number;
  /** peak of the stored master, dB of full scale; null for silence */
  readonly peakDb: number | null;
}

/**
 * Wall seconds of each stage. Stems are encoded and stored while the engine still separates: `encode` is what was left
 * of it after `separate`, and `store` what was left after `encode`. Their sum is the time that the song took.
 */
export type StageSeconds = Readonly<Record<Stage, number>>;

/** `manifest.json`, the commit point and the correctness receipt of a separation. */
export interface Manifest {
  readonly id: SeparationId;
  readonly model: string;
  readonly weightsSha256: string;
  readonly engine: {
    readonly version: string;
    readonly backend: string;
    readonly device: string;
    readonly precision: string;
    readonly libraries: Readonly<Record<string, string>>;
  };
  readonly options: SeparationOptions;
  readonly input: ManifestInput;
  readonly stems: readonly ManifestStem[];
  /** other objects of the separation that were stored with it: waveform and the formats asked for at upload */
  readonly artefacts: readonly { readonly key: string; readonly sha256: string; readonly bytes: number }[];
  /** one gain for all stems: 0 where none is above full scale, else the whole number of dB that just holds the loudest */
  readonly gainDb: number;
  /** energy of the input minus the sum of its stems over the energy of the input; null where not all stems were made */
  readonly residualDb: number | null;
  readonly seconds: StageSeconds;
  readonly warnings: readonly string[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** @throws InvalidDocumentError when the stored JSON is not a manifest. */
export function parseManifest(json: string): Manifest {
  const value: unknown = JSON.parse(json);
  if (!isManifest(value)) throw new InvalidDocumentError('manifest.json', 'not a manifest');
  return value;
}

function isManifest(value: unknown): value is Manifest {
  return (
    isRecord(value) &&
    isSeparationId(value['id']) &&
    ['model', 'weightsSha256', 'startedAt', 'finishedAt'].every((key) => typeof value[key] === 'string') &&
    ['engine', 'options', 'input', 'seconds'].every((key) => isRecord(value[key])) &&
    ['stems', 'artefacts', 'warnings'].every((key) => Array.isArray(value[key])) &&
    typeof value['gainDb'] === 'number'
  );
}
