/** version of the line protocol that this worker speaks */
export const PROTOCOL_VERSION = 2;

/** What the worker writes to the engine, one JSON line each. Paths lie in the job's scratch folder. */
export type EngineCommand =
  | ({ readonly type: 'separate' } & EngineSeparation)
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'shutdown' };

export interface EngineSeparation {
  readonly id: string;
  readonly requestId: string;
  /** WAV, float32, 44.1 kHz, stereo */
  readonly input: string;
  /** gets one `<stem>.wav` for each stem, which grows while the engine works */
  readonly outputDir: string;
  readonly model: string;
  readonly stems: readonly string[];
  readonly overlap: number;
  readonly shifts: number;
}

export interface EngineModel {
  readonly name: string;
  readonly stems: readonly string[];
  /** of its networks, in order; an engine may leave it out */
  readonly signature?: readonly string[];
}

/** Sent once, after the default model is loaded and the self-check has passed. */
export interface EngineReady {
  readonly type: 'ready';
  readonly protocol: number;
  readonly engineVersion: string;
  readonly backend: string;
  readonly device: string;
  readonly deviceName: string;
  readonly precision: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly models: readonly EngineModel[];
  readonly defaultModel: string;
  readonly memoryBytes: number;
}

/** Measured work: network samples done over all to do. */
export interface EngineProgress {
  readonly type: 'progress';
  readonly id: string;
  readonly doneSamples: number;
  readonly totalSamples: number;
  /** samples that are final in every stem file */
  readonly writtenSamples: number;
  /** the gain that holds these, a whole number of dB, 0 or below; it only falls */
  readonly gainDb: number;
}

export interface EngineStem {
  readonly name: string;
  /** WAV, float32, without the gain */
  readonly path: string;
  /** largest absolute sample before the gain, linear */
  readonly peak: number;
}

export interface EngineResult {
  readonly type: 'result';
  readonly id: string;
  readonly model: string;
  readonly signature: readonly string[];
  readonly weightsSha256: string;
  readonly samples: number;
  readonly sampleRate: number;
  readonly stems: readonly EngineStem[];
  /** a whole number of dB, 0 or below; one for all stems, applied when they are encoded */
  readonly gainDb: number;
  /** energy of mix minus stems over energy of the mix; null where not all stems were made or the mix is silent */
  readonly residualDb: number | null;
  readonly deviceName: string;
  readonly device: string;
  readonly backend: string;
  readonly precision: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly seconds: { readonly load: number; readonly separate: number };
}

export const ENGINE_ERROR_CODES = [
  'unknown_model',
  'unknown_stem',
  'invalid_input',
  'not_finite',
  'out_of_memory',
  'cancelled',
  'model_not_installed',
  'weights_mismatch',
  'self_check_failed',
  'device_unavailable',
  'internal',
] as const;

export type EngineErrorCode = (typeof ENGINE_ERROR_CODES)[number];

/** `id` null: the engine itself cannot work, and ends. */
export interface EngineErrorMessage {
  readonly type: 'error';
  readonly id: string | null;
  readonly code: EngineErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

export interface EngineHeartbeat {
  readonly type: 'heartbeat';
  readonly memoryBytes: number;
}

/** What the engine writes to file descriptor 3, one JSON line each. */
export type EngineMessage = EngineReady | EngineProgress | EngineResult | EngineErrorMessage | EngineHeartbeat;
