import { z } from 'zod';
import { PREVIEW_ATTEMPT } from '../vocabulary/preview.js';
import { count, type DocumentOf } from './fields.js';

const previewBlockSchema = z.object({
  n: count.meta({ description: 'its name, counted from 0', example: 0 }),
  from: count.meta({ description: 'its first sample', example: 0 }),
  to: count.meta({ description: 'the sample after its last one', example: 257_985 }),
});

/** What can be heard of a running separation: blocks that follow each other, the same ones of every stem. */
export const previewSchema = z.object({
  attempt: z.string().regex(new RegExp(PREVIEW_ATTEMPT)).meta({
    description: 'names the run: another one, after a lost worker, starts over with blocks of its own',
    example: '5f0c9d3b7a61',
  }),
  blocks: z.array(previewBlockSchema).meta({ description: 'samples of one channel at 44.1 kHz; in order' }),
  samples: count.meta({ description: 'of the whole song', example: 8_087_940 }),
});

export type PreviewBlock = DocumentOf<typeof previewBlockSchema>;
export type Preview = DocumentOf<typeof previewSchema>;
