// the kinds of values that several documents share.
import { z } from 'zod';
import { FAILURE_CODES } from '../vocabulary/failures.js';
import { FORMATS } from '../vocabulary/formats.js';
import { SEPARATION_ID } from '../vocabulary/separation-id.js';

/** A document is read-only at every depth. */
export type Immutable<T> = T extends string | number | boolean | null | undefined
  ? T
  : unknown extends T
    ? T
    : { readonly [Key in keyof T]: Immutable<T[Key]> };

export type DocumentOf<Schema extends z.ZodType> = Immutable<z.infer<Schema>>;

export const separationId = z
  .string()
  .regex(SEPARATION_ID)
  .brand<'SeparationId'>()
  .meta({ example: 'sep_0123456789abcdef0123456789abcdef' });

/** lower-case hex */
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' });

/** ISO 8601, UTC */
export const time = z.iso.datetime();

export const count = z.int().min(0);

export const seconds = z.number().min(0);

export const name = z.string().min(1);

export const modelName = name.meta({ example: 'htdemucs' });

export const stemNames = z.array(name).meta({ example: ['vocals', 'drums', 'bass', 'other'] });

export const formats = z.array(z.enum(FORMATS)).meta({ example: ['flac'] });

/** Why a separation failed. */
export const failureSchema = z.object({
  code: z.enum(FAILURE_CODES),
  message: z.string().meta({ example: 'The file could not be decoded.' }),
});

export type Failure = DocumentOf<typeof failureSchema>;
