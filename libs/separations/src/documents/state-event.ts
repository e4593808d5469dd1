import { z } from 'zod';
import { STATUSES } from '../vocabulary/states.js';

/** One event of a separation's stream, as OpenAPI describes server-sent events: `data` is text that holds JSON. */
export const stateEventSchema = z.object({
  event: z.enum(['state']),
  id: z.enum(STATUSES).meta({ description: 'the status; send it as `Last-Event-ID` to reconnect' }),
  data: z.string().meta({
    description: 'the whole separation, as JSON',
    contentMediaType: 'application/json',
    contentSchema: { $ref: '#/components/schemas/SeparationDocument' },
  }),
});
