import { z } from 'zod';
import { count, type DocumentOf } from './fields.js';

/** `waveform.json`: what the page draws. Every stem has `ceil(samples / samplesPerPeak)` peaks and levels. */
export const waveformSchema = z.object({
  version: z.literal(1).meta({ example: 1 }),
  sampleRate: count.meta({ description: 'Hz', example: 44_100 }),
  samplesPerPeak: count.meta({ description: 'samples of one channel in each peak', example: 2205 }),
  samples: count.meta({ description: 'samples of one channel', example: 2_646_000 }),
  stems: z.record(z.string(), z.array(z.int().min(0).max(127))).meta({
    description: 'peaks of each stem: the largest absolute sample of both channels; 127 is full scale',
    example: { vocals: [0, 12, 96], drums: [101, 30, 12] },
  }),
  rms: z
    .record(z.string(), z.array(z.int().min(0).max(127)))
    .meta({
      description: 'RMS level of each peak, over both channels; separations of before have none',
      example: { vocals: [0, 5, 41], drums: [22, 12, 4] },
    })
    .exactOptional(),
});

export type Waveform = DocumentOf<typeof waveformSchema>;
