import { z } from 'zod';
import { displayText } from '../../vocabulary/display-text.js';
import { MODES, TONICS } from '../../vocabulary/musical-keys.js';
import { TEMPO_RANGE, TITLE_LENGTH } from '../../vocabulary/ranges.js';
import type { DocumentOf } from '../fields.js';

const tonic = z.enum(TONICS).meta({ example: 'A' });
const mode = z.enum(MODES).meta({ example: 'minor' });

export const musicalKeySchema = z.object({ tonic, mode });

/** What the owner says of a song. It wins over what was uploaded or measured, and is kept apart from it. */
export const ownSchema = z
  .object({
    title: z.string().meta({ example: 'Blue in Green' }).exactOptional(),
    tempo: z.number().positive().meta({ description: 'beats per minute', example: 60 }).exactOptional(),
    key: musicalKeySchema.exactOptional(),
  })
  .meta({ description: 'What you set yourself. It wins over what was uploaded or measured.' });

/** As a client sends it: `null` takes a value back, and what is absent stays. */
export const ownEditSchema = z.strictObject({
  title: z
    .string()
    // letters as JSON Schema counts them, and not UTF-16 units
    .refine((title) => Array.from(title).length <= TITLE_LENGTH, `a title has at most ${TITLE_LENGTH} characters`)
    .nullable()
    .meta({
      maxLength: TITLE_LENGTH,
      description: 'shown in place of the file name. Control characters are left out; an empty title counts as null',
      example: 'Blue in Green',
    })
    .exactOptional(),
  tempo: z
    .number()
    .min(TEMPO_RANGE.min)
    .max(TEMPO_RANGE.max)
    .nullable()
    .meta({ description: 'beats per minute; the beats follow it', example: 60 })
    .exactOptional(),
  key: z.strictObject({ tonic, mode }).nullable().exactOptional(),
});

export type MusicalKey = DocumentOf<typeof musicalKeySchema>;
export type Own = DocumentOf<typeof ownSchema>;
export type OwnEdit = DocumentOf<typeof ownEditSchema>;

/** What is one's own after an edit; undefined where nothing is left. */
export function editOwn(own: Own | undefined, edit: OwnEdit): Own | undefined {
  const { title, ...others } = edit;
  const shown = typeof title === 'string' ? displayText(title) : title;
  const merged = { ...own, ...others, ...(shown !== undefined && { title: shown === '' ? null : shown }) };
  const set = Object.entries(merged).filter(([, value]) => value !== null);
  return set.length === 0 ? undefined : Object.fromEntries(set);
}
