import { z } from 'zod';
import { FORMATS, type Format } from '../vocabulary/formats.js';
import type { DocumentOf } from './fields.js';

/** of an example */
const SELF = '/v1/separations/sep_0123456789abcdef0123456789abcdef';

const link = (path = ''): z.ZodString => z.string().meta({ format: 'uri-reference', example: `${SELF}${path}` });

function linkOfEachFormat(path: string): z.ZodObject<Record<Format, z.ZodString>> {
  const links = FORMATS.map((format) => [format, link(`${path}.${format}`)]);
  return z.object(Object.fromEntries(links) as Record<Format, z.ZodString>);
}

/** Where to go from a separation, relative to the server. What is not there yet, or no longer, has no link. */
export const linksSchema = z.object({
  self: link(),
  events: link('/events').exactOptional(),
  input: link('/input?v=9f86d081884c7d65').exactOptional(),
  cancel: link('/cancel').exactOptional(),
  stems: z
    .record(z.string(), linkOfEachFormat('/stems/vocals'))
    .meta({ description: 'by stem and format' })
    .exactOptional(),
  original: link('/original.flac').exactOptional(),
  mix: linkOfEachFormat('/mix').meta({ description: 'by format; add `levels`' }).exactOptional(),
  archive: link('/archive.zip').exactOptional(),
  cover: link('/cover').exactOptional(),
  waveform: link('/waveform').exactOptional(),
  analysis: link('/analysis').exactOptional(),
});

export type Links = DocumentOf<typeof linksSchema>;
