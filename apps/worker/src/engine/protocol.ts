// the engine's line protocol: one definition for both languages, see engine/protocol/README.md
import { OVERLAP_RANGE, SHIFTS_RANGE } from '@app/separations';
import { z } from 'zod';

/** The engine reports the version it speaks in `ready`. */
export const PROTOCOL_VERSION = 5;

export const ENGINE_ERROR_CODES = [
  'unknown_model',
  'unknown_stem',
  'invalid_input',
  'not_finite',
  'out_of_memory',
  'out_of_disk',
  'cancelled',
  'model_not_installed',
  'weights_mismatch',
  'self_check_failed',
  'device_unavailable',
  'internal',
] as const;

const text = z.string().min(1);
const texts = z.array(text).readonly();
const count = z.int().min(0);
const seconds = z.number().min(0);
const gainDb = z.int().max(0);

const separation = z.object({
  id: text,
  requestId: text,
  /** WAV, float32, 44.1 kHz, stereo; paths lie in the job's scratch folder */
  input: text,
  /** gets one growing `<stem>.wav` per stem */
  outputDir: text,
  model: text,
  stems: z.array(text).min(1).readonly(),
  overlap: z.number().min(OVERLAP_RANGE.min).max(OVERLAP_RANGE.max),
  shifts: z.int().min(SHIFTS_RANGE.min).max(SHIFTS_RANGE.max),
});

/** What the worker writes to the engine's stdin, one JSON line each. */
export const engineCommand = z.discriminatedUnion('type', [
  separation.extend({ type: z.literal('separate') }),
  z.object({ type: z.literal('cancel'), id: text }),
  z.object({ type: z.literal('shutdown') }),
]);

const facts = z.object({
  backend: text,
  device: text,
  deviceName: z.string(),
  precision: text,
  versions: z.record(z.string(), z.string()),
});

/** A model or a recipe. signature: of its networks, in order. overlap: of its segments, if nobody asks for another. */
const model = z.object({
  name: text,
  stems: texts,
  signature: texts,
  overlap: z.number().min(OVERLAP_RANGE.min).max(OVERLAP_RANGE.max),
});

/** Sent once, after the default model is loaded and has passed its self-check. */
const ready = facts.extend({
  type: z.literal('ready'),
  protocol: count,
  engineVersion: text,
  models: z.array(model).readonly(),
  defaultModel: text,
  memoryBytes: count,
});

const progress = z.object({
  type: z.literal('progress'),
  id: text,
  /** measured work in network samples */
  doneSamples: count,
  totalSamples: count,
  /** samples that are final in every stem file */
  writtenSamples: count,
  /** the gain for these, a whole number of dB, 0 or below; it only falls */
  gainDb,
});

/** path: WAV, float32, without the gain. peak: largest absolute sample before the gain, linear */
const stem = z.object({ name: text, path: text, peak: z.number().min(0) });

/** sha256: of its weights. seconds: wall time until its segments were done; together the time of the separation */
const network = z.object({ model: text, signature: text, sha256: text, seconds });

const result = facts.extend({
  type: z.literal('result'),
  id: text,
  model: text,
  signature: texts,
  weightsSha256: text,
  /** the networks that ran */
  networks: z.array(network).readonly(),
  samples: count,
  sampleRate: count,
  stems: z.array(stem).readonly(),
  /** a whole number of dB, 0 or below; the encoders apply it to all stems */
  gainDb,
  /** energy of mix minus stems over energy of the mix; null if some stems were not made or the mix is silent */
  residualDb: z.number().nullable(),
  seconds: z.object({ load: seconds, separate: seconds }),
});

const failure = z.object({
  type: z.literal('error'),
  /** null: the engine itself cannot work, and exits */
  id: text.nullable(),
  code: z.enum(ENGINE_ERROR_CODES),
  message: z.string(),
});

/** Sent every second, also while the engine loads. */
const heartbeat = z.object({
  type: z.literal('heartbeat'),
  memoryBytes: count,
  /** CPU time of the engine and its child processes so far */
  cpuSeconds: seconds,
  /** number of the step it is at: a batch of segments, or a part of loading; null while it has nothing to do */
  step: count.nullable(),
  /** CPU time that the step should take, from the self-check; null if unknown */
  expectedCpuSeconds: seconds.nullable(),
});

/** What the engine writes to file descriptor 3, one JSON line each. */
export const engineMessage = z.discriminatedUnion('type', [ready, progress, result, failure, heartbeat]);

export type EngineCommand = z.infer<typeof engineCommand>;
export type EngineSeparation = Readonly<z.infer<typeof separation>>;
export type EngineErrorCode = (typeof ENGINE_ERROR_CODES)[number];
export type EngineModel = Readonly<z.infer<typeof model>>;
export type EngineStem = Readonly<z.infer<typeof stem>>;
export type EngineReady = Readonly<z.infer<typeof ready>>;
export type EngineProgress = Readonly<z.infer<typeof progress>>;
export type EngineResult = Readonly<z.infer<typeof result>>;
export type EngineHeartbeat = Readonly<z.infer<typeof heartbeat>>;
export type EngineErrorMessage = Readonly<z.infer<typeof failure>>;
export type EngineMessage = Readonly<z.infer<typeof engineMessage>>;
