import { z } from 'zod';
import { PRIORITIES } from '../vocabulary/priorities.js';
import { PROGRESS_STAGES, STATUSES } from '../vocabulary/states.js';
import {
  count,
  failureSchema,
  formats,
  modelName,
  seconds,
  separationId,
  stemNames,
  time,
  type DocumentOf,
} from './fields.js';
import { linksSchema } from './links.js';
import { manifestSchema } from './manifest.js';
import { ownSchema } from './song/own.js';
import { songTagsSchema } from './song/tags.js';

export const progressSchema = z.object({
  percent: z
    .number()
    .min(0)
    .max(100)
    .meta({ description: 'measured work: audio done out of audio to do', example: 42.5 }),
  stage: z.enum(PROGRESS_STAGES).meta({ example: 'separate' }),
});

export const queuePlaceSchema = z.object({
  position: count.meta({ description: '1 is next', example: 3 }),
  etaSeconds: z.number().nullable().meta({ description: 'seconds until it is done; null if unknown', example: 95 }),
  workers: count.meta({
    description: 'workers that are running; with 0, the song waits until one has started',
    example: 2,
  }),
});

/** The resource of the HTTP API. */
export const separationSchema = z.object({
  id: separationId,
  status: z.enum(STATUSES).meta({ example: 'processing' }),
  createdAt: time,
  startedAt: time.exactOptional(),
  finishedAt: time.exactOptional(),
  title: z
    .string()
    .meta({ description: 'your own, else that of its tags, else the file name without its ending', example: 'song' }),
  fileName: z.string().meta({ description: 'from the client, made safe', example: 'song.mp3' }),
  durationSeconds: seconds.meta({ example: 183.4 }).exactOptional(),
  model: modelName,
  stems: stemNames,
  formats,
  progress: progressSchema,
  queue: queuePlaceSchema.exactOptional(),
  priority: z
    .enum(PRIORITIES)
    .meta({ description: 'what it was uploaded with; normal if absent', example: 'low' })
    .exactOptional(),
  error: failureSchema.exactOptional(),
  tags: songTagsSchema.exactOptional(),
  own: ownSchema.exactOptional(),
  receipt: manifestSchema.exactOptional(),
  links: linksSchema,
});

/** In lists: nine tenths of a separation are its receipt. */
export const separationSummarySchema = separationSchema.omit({ receipt: true });

export const separationPageSchema = z.object({
  separations: z.array(separationSummarySchema),
  nextCursor: z.string().nullable().meta({ description: '`cursor` of the next page; null on the last' }),
});

export type Progress = DocumentOf<typeof progressSchema>;
export type Separation = DocumentOf<typeof separationSchema>;
export type SeparationSummary = DocumentOf<typeof separationSummarySchema>;
export type SeparationPage = DocumentOf<typeof separationPageSchema>;
