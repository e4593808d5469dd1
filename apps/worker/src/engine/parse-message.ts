import { EngineProtocolError } from './engine.errors.js';
import { ENGINE_ERROR_CODES, type EngineMessage } from './protocol.js';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isFinite: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isPositive: Check = (value) => isFinite(value) && Number(value) >= 0;
const isGain: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value <= 0;
const isTextRecord: Check = (value) => isFields(value) && Object.values(value).every(isText);
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isOptional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isShape =
  (shape: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isFields(value) && Object.entries(shape).every(([field, check]) => check(value[field]));

const engineFacts = {
  backend: isText,
  device: isText,
  deviceName: isText,
  precision: isText,
  versions: isTextRecord,
};

const SHAPES: Readonly<Record<EngineMessage['type'], Check>> = {
  ready: isShape({
    ...engineFacts,
    protocol: isCount,
    engineVersion: isText,
    models: isListOf(isShape({ name: isText, stems: isListOf(isText), signature: isOptional(isListOf(isText)) })),
    defaultModel: isText,
    memoryBytes: isCount,
  }),
  progress: isShape({
    id: isText,
    doneSamples: isCount,
    totalSamples: isCount,
    writtenSamples: isCount,
    gainDb: isGain,
  }),
  result: isShape({
    ...engineFacts,
    id: isText,
    model: isText,
    signature: isListOf(isText),
    weightsSha256: isText,
    samples: isCount,
    sampleRate: isCount,
    stems: isListOf(isShape({ name: isText, path: isText, peak: isPositive })),
    gainDb: isGain,
    residualDb: (value) => value === null || isFinite(value),
    seconds: isShape({ load: isPositive, separate: isPositive }),
  }),
  error: isShape({
    id: (value) => value === null || isText(value),
    code: (value) => ENGINE_ERROR_CODES.some((code) => code === value),
    message: isText,
    retryable: (value) => typeof value === 'boolean',
  }),
  heartbeat: isShape({ memoryBytes: isCount }),
};

/** @throws EngineProtocolError when the line is no message of the protocol (NaN and Infinity are no JSON). */
export function parseEngineMessage(line: string): EngineMessage {
  const value = parseJson(line);
  if (!isEngineMessage(value)) throw new EngineProtocolError(`the engine wrote what is no message: ${line.slice(0, 200)}`);
  return value;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEngineMessage(value: unknown): value is EngineMessage {
  if (!isFields(value) || typeof value['type'] !== 'string') return false;
  const shape = new Map(Object.entries(SHAPES)).get(value['type']);
  return shape?.(value) ?? false;
}
