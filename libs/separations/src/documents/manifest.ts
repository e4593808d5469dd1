import { z } from 'zod';
import { FORMATS } from '../vocabulary/formats.js';
import { STAGES, type Stage } from '../vocabulary/states.js';
import { count, modelName, name, seconds, separationId, sha256, time, type DocumentOf } from './fields.js';
import { parseDocument } from './parse-document.js';
import { licenceSchema } from './model.js';
import { songTagsSchema } from './song/tags.js';
import { separationOptionsSchema } from './stored-request.js';

export const manifestEngineSchema = z.object({
  version: z.string().meta({ example: '0.1.0' }),
  backend: z.string().meta({ example: 'openvino' }),
  device: z.string().meta({ example: 'cpu' }),
  precision: z.string().meta({ example: 'fp32' }),
  libraries: z.record(z.string(), z.string()).meta({ example: { numpy: '2.4.0' } }),
});

export const manifestInputSchema = z.object({
  sha256,
  codec: z.string().meta({ example: 'mp3' }),
  sampleRate: count.meta({ description: 'sample rate of the uploaded file, Hz', example: 48_000 }),
  channels: count.meta({ description: 'channels of the uploaded file', example: 2 }),
  tracks: z
    .array(count.min(1))
    .meta({
      description:
        'audio tracks of the file that were separated, counted from 1; two are left and right. Absent in receipts of ' +
        'earlier versions.',
      example: [1],
    })
    .exactOptional(),
  startSeconds: seconds
    .meta({
      description:
        'when the track starts in the file: delay the stems by it to put them under the picture of a film. Absent in ' +
        'receipts of earlier versions.',
      example: 0,
    })
    .exactOptional(),
  samples: count.meta({
    description: 'decoded length in samples at 44.1 kHz; every stem has the same length',
    example: 8_087_940,
  }),
  durationSeconds: seconds.meta({ example: 183.4 }),
  tags: songTagsSchema.exactOptional(),
});

export const manifestFileSchema = z.object({
  key: name.meta({ example: 'separations/sep_0123456789abcdef0123456789abcdef/waveform-9f86d081884c7d65.json' }),
  sha256,
  bytes: count.meta({ example: 21_034 }),
});

export const manifestArtefactSchema = manifestFileSchema.extend({
  stem: name.meta({ description: 'whose file it is; absent for the waveform', example: 'vocals' }).exactOptional(),
  format: z.enum(FORMATS).meta({ example: 'mp3' }).exactOptional(),
});

export const manifestOriginalSchema = manifestFileSchema
  .extend({
    samples: count.meta({ example: 8_087_940 }),
    peakDb: z
      .number()
      .nullable()
      .meta({ description: 'peak of the stored file, dBFS; null for silence', example: -0.2 }),
    gainDb: z.number().max(0).meta({
      description: 'its own gain: the whole number of dB that keeps the decoded song from clipping, or 0',
      example: 0,
    }),
  })
  .meta({ description: 'The decoded song, stored with its stems. Absent in receipts of earlier versions.' });

export const manifestStemSchema = manifestFileSchema.extend({
  name: name.meta({ example: 'vocals' }),
  samples: count.meta({ example: 8_087_940 }),
  peakDb: z.number().nullable().meta({ description: 'peak of the master, dBFS; null for silence', example: -1.3 }),
});

const secondsOfStages = Object.fromEntries(STAGES.map((stage) => [stage, seconds])) as Record<Stage, typeof seconds>;

const stageSecondsSchema = z.object(secondsOfStages).meta({
  description:
    'Wall time of each stage. Encoding and storing overlap with separation: `encode` and `store` count only what ' +
    'remained after it. The sum is the time that the song took.',
  example: { fetch: 0.1, decode: 0.9, separate: 31.4, encode: 1.2, store: 0.2 },
});

export const manifestNetworkSchema = z.object({
  model: modelName,
  signature: name.meta({ description: 'of its weights', example: '955717e8' }),
  sha256,
  seconds: seconds.meta({
    description: 'wall time until its segments were done; all networks together take the time of the separation',
    example: 31.2,
  }),
});

/** `manifest.json`: the commit point and the receipt of a separation. */
export const manifestSchema = z
  .object({
    id: separationId,
    model: modelName,
    weightsSha256: sha256,
    licence: licenceSchema
      .meta({ description: 'of the weights, as it was known then. Absent in receipts of earlier versions.' })
      .exactOptional(),
    networks: z
      .array(manifestNetworkSchema)
      .meta({ description: 'the networks that ran, in order. Absent in receipts of earlier versions.' })
      .exactOptional(),
    engine: manifestEngineSchema,
    options: separationOptionsSchema,
    ffmpeg: z
      .string()
      .meta({ description: 'version of the ffmpeg that decoded the song and encoded the files', example: '7.1' })
      .exactOptional(),
    input: manifestInputSchema,
    stems: z.array(manifestStemSchema),
    original: manifestOriginalSchema.exactOptional(),
    cover: manifestFileSchema.exactOptional(),
    artefacts: z.array(manifestArtefactSchema).meta({ description: 'the other files that were stored with the stems' }),
    gainDb: z.number().max(0).meta({
      description: 'one gain for all stems: the whole number of dB that keeps the loudest from clipping, or 0',
      example: 0,
    }),
    residualDb: z.number().nullable().meta({
      description:
        'energy of the song minus the sum of its stored stems, relative to the song; null unless all stems were made',
      example: -31.2,
    }),
    seconds: stageSecondsSchema,
    warnings: z.array(z.string()).meta({ example: [] }),
    startedAt: time,
    finishedAt: time,
  })
  .meta({ description: 'What was computed, with which weights, and the sha256 of every file.' });

export type ManifestInput = DocumentOf<typeof manifestInputSchema>;
export type ManifestFile = DocumentOf<typeof manifestFileSchema>;
export type ManifestOriginal = DocumentOf<typeof manifestOriginalSchema>;
export type ManifestStem = DocumentOf<typeof manifestStemSchema>;
export type StageSeconds = DocumentOf<typeof stageSecondsSchema>;
export type Manifest = DocumentOf<typeof manifestSchema>;

/** @throws InvalidDocumentError */
export function parseManifest(json: string): Manifest {
  return parseDocument('manifest.json', manifestSchema, json);
}
