import { z } from 'zod';
import { problemDocumentSchema } from './problem.js';

const checkSchema = z.object({
  status: z.enum(['up', 'degraded', 'down']),
  reason: z.string().meta({ description: 'unless it is up', example: 'no answer within 1200 ms' }).exactOptional(),
});

const checks = z
  .record(z.string(), checkSchema)
  .meta({ example: { redis: { status: 'up' }, store: { status: 'down', reason: 'no answer within 1200 ms' } } });

export const livenessSchema = z.object({ status: z.enum(['ok']) });

export const readinessSchema = livenessSchema.extend({ checks });

/** The problem `not_ready`: what is down, and why. */
export const notReadySchema = problemDocumentSchema.extend({ checks });
