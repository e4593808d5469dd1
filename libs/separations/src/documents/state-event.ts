import { z } from 'zod';
import { STATUSES } from '../vocabulary/states.js';

/** A change of a separation in its stream, as OpenAPI describes server-sent events: `data` is text that holds JSON. */
export const stateEventSchema = z.object({
  event: z.enum(['state']),
  id: z.enum(STATUSES).meta({ description: 'the status; send it as `Last-Event-ID` to reconnect' }),
  data: z.string().meta({
    description: 'the whole separation, as JSON',
    contentMediaType: 'application/json',
    contentSchema: { $ref: '#/components/schemas/SeparationDocument' },
  }),
});

/** Of a stream that asked for the preview; without an id, which only states have. */
export const previewEventSchema = z.object({
  event: z.enum(['preview']),
  data: z.string().meta({
    description: 'the blocks that are new to this stream, as JSON',
    contentMediaType: 'application/json',
    contentSchema: { $ref: '#/components/schemas/PreviewDocument' },
  }),
});
