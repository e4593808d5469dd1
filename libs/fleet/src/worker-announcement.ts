import type { ModelDescription } from '@app/separations';

/** What a worker says of itself. */
export interface WorkerAnnouncement {
  readonly workerId: string;
  readonly models: readonly ModelDescription[];
  readonly device: string;
  readonly backend: string;
  readonly precision: string;
  /** seconds of song separated in a second, by model; null where it was not measured yet */
  readonly realTimeFactor: Readonly<Record<string, number | null>>;
}

/** undefined where the stored text is no announcement: another version of the service may have written it */
export function parseAnnouncement(json: string | null): WorkerAnnouncement | undefined {
  const value = parseRecord(json);
  if (value === undefined) return undefined;
  const { workerId, models, device, backend, precision, realTimeFactor } = value;
  if (typeof workerId !== 'string' || typeof device !== 'string') return undefined;
  if (typeof backend !== 'string' || typeof precision !== 'string') return undefined;
  if (!Array.isArray(models) || !models.every(isModel) || !isFactors(realTimeFactor)) return undefined;
  return { workerId, models, device, backend, precision, realTimeFactor };
}

export function parseModel(json: string | null): ModelDescription | undefined {
  const value = parseRecord(json);
  return isModel(value) ? value : undefined;
}

function isModel(value: unknown): value is ModelDescription {
  if (!isRecord(value)) return false;
  const { name, stems, weights, licence, relativeCost } = value;
  return (
    [name, weights, licence].every((text) => typeof text === 'string') &&
    Array.isArray(stems) &&
    stems.every((stem) => typeof stem === 'string') &&
    typeof relativeCost === 'number'
  );
}

function isFactors(value: unknown): value is Record<string, number | null> {
  return isRecord(value) && Object.values(value).every((factor) => factor === null || typeof factor === 'number');
}

function parseRecord(json: string | null): Record<string, unknown> | undefined {
  if (json === null) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
