import { z } from 'zod';
import { seconds, type DocumentOf } from '../fields.js';
import { musicalKeySchema } from './own.js';
import { parseDocument } from '../parse-document.js';

const confidence = z.number().min(0).max(1).meta({ description: 'from 0 to 1', example: 0.87 });

export const tempoSchema = z.object({
  bpm: z.number().positive().meta({ description: 'beats per minute', example: 120.02 }),
  confidence,
  beats: z.array(seconds).meta({ description: 'when each beat is, in seconds', example: [0.512, 1.012, 1.511] }),
});

export const keySchema = musicalKeySchema.extend({ confidence });

export const loudnessSchema = z.object({
  integratedLufs: z
    .number()
    .nullable()
    .meta({ description: 'integrated loudness, ITU-R BS.1770; null for silence', example: -13.8 }),
  truePeakDb: z.number().nullable().meta({ description: 'true peak, dBTP; null for silence', example: -0.4 }),
  rangeLu: z.number().nullable().meta({ description: 'loudness range, EBU Tech 3342; null if short', example: 6.1 }),
});

/** `analysis.json`: what the stems tell of the song. */
export const analysisSchema = z
  .object({
    version: z.literal(1).meta({ example: 1 }),
    tempo: tempoSchema.nullable().meta({ description: 'from the drums; null where they have no pulse' }),
    key: keySchema.nullable().meta({ description: 'from the tonal stems; null where no key fits' }),
    tuningCents: z
      .number()
      .min(-50)
      .max(50)
      .nullable()
      .meta({ description: 'how far A is from 440 Hz, in cents; null without tones', example: -3.5 }),
    loudness: z.object({
      mix: loudnessSchema,
      stems: z.record(z.string(), loudnessSchema).meta({ description: 'of each stem as it is stored' }),
    }),
  })
  .meta({ description: 'Tempo, beats, key, tuning and loudness, measured once from the stems.' });

const own = z.boolean().meta({ description: 'whether you set it yourself: its confidence is 1 then', example: false });

export const shownTempoSchema = tempoSchema.extend({ own });
export const shownKeySchema = keySchema.extend({ own });

/** The answer: the owner's own tempo and key win. */
export const shownAnalysisSchema = analysisSchema
  .extend({
    tempo: shownTempoSchema.nullable().meta({ description: 'from the drums, or your own; null without either' }),
    key: shownKeySchema.nullable().meta({ description: 'from the tonal stems, or your own; null without either' }),
    measured: z
      .object({ tempo: tempoSchema.nullable(), key: keySchema.nullable() })
      .meta({ description: 'what was measured, if your own takes the place of one of them' })
      .exactOptional(),
  })
  .meta({ description: 'Tempo, beats, key, tuning and loudness: measured once from the stems, or your own.' });

/** The answer while it is being made. */
export const pendingAnalysisSchema = z.object({ status: z.literal('pending') });

export type Analysis = DocumentOf<typeof analysisSchema>;
export type ShownAnalysis = DocumentOf<typeof shownAnalysisSchema>;
export type PendingAnalysis = DocumentOf<typeof pendingAnalysisSchema>;

/** @throws InvalidDocumentError */
export function parseAnalysis(json: string): Analysis {
  return parseDocument('analysis.json', analysisSchema, json);
}
