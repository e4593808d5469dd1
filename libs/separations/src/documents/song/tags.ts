import { z } from 'zod';
import type { DocumentOf } from '../fields.js';

/** What a song's file says of it, cleaned for display and cut at 200 characters. */
export const songTagsSchema = z
  .object({
    title: z.string().meta({ example: 'Small Hours of the Machine' }).exactOptional(),
    artist: z.string().meta({ example: 'Music Separation Service' }).exactOptional(),
    album: z.string().meta({ example: 'Demo' }).exactOptional(),
  })
  .meta({ description: "The song's own tags. Absent in receipts of earlier versions." });

export type SongTags = DocumentOf<typeof songTagsSchema>;
