import { z } from 'zod';
import { PROBLEM_CODES } from '../vocabulary/problems.js';
import type { DocumentOf } from './fields.js';
import { licenceSchema } from './model.js';

export const fieldErrorSchema = z.object({
  field: z.string().meta({ example: 'limit' }),
  message: z.string().meta({ example: 'limit must not be greater than 100' }),
});

/** The body of every error (RFC 9457). */
export const problemDocumentSchema = z.object({
  type: z.string().meta({ example: 'urn:music-separation:problem:unknown_model' }),
  title: z.string().meta({ example: 'Unknown model' }),
  status: z.int().min(400).max(599).meta({ example: 422 }),
  detail: z.string().meta({ example: 'There is no model "htdemux".' }),
  code: z.enum(PROBLEM_CODES).meta({ example: 'unknown_model' }),
  requestId: z.string().meta({ example: '8c1f0f6e-6c6a-4d43-9f5c-1c4a4d6f3f0e' }),
  allowed: z
    .union([z.array(z.union([z.string(), z.number()])), z.record(z.string(), z.number())])
    .meta({ description: 'what is allowed: names, or the ends of a range', example: ['htdemucs', 'demo'] })
    .exactOptional(),
  errors: z.array(fieldErrorSchema).exactOptional(),
  licence: licenceSchema.meta({ description: 'the license that is not allowed' }).exactOptional(),
  limit: z.number().meta({ description: 'the limit that was exceeded', example: 3600 }).exactOptional(),
});

export type ProblemDocument = DocumentOf<typeof problemDocumentSchema>;
