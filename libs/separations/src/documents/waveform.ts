import { z } from 'zod';
import { count, type DocumentOf } from './fields.js';

/** `waveform.json`: what the page draws. Every stem has `ceil(samples / samplesPerPeak)` peaks. */
export const waveformSchema = z.object({
  version: z.literal(1).meta({ example: 1 }),
  sampleRate: count.meta({ description: 'Hz', example: 44_100 }),
  samplesPerPeak: count.meta({ description: 'samples of one channel in each peak', example: 2205 }),
  samples: count.meta({ description: 'samples of one channel', example: 2_646_000 }),
  stems: z.record(z.string(), z.array(z.int().min(0).max(127))).meta({
    description: 'peaks of each stem: the largest absolute sample of both channels; 127 is full scale',
    example: { vocals: [0, 12, 96], drums: [101, 30, 12] },
  }),
});

export type Waveform = DocumentOf<typeof waveformSchema>;
