import { z } from 'zod';
import { count, seconds, time, type DocumentOf } from './fields.js';

/** What a key may do. `admin` is everything, and the usage of all keys. */
export const SCOPES = ['read', 'separate', 'delete', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

export const accessKeySchema = z.object({
  name: z.string().meta({ example: 'ann' }),
  scopes: z.array(z.enum(SCOPES)),
  weight: z.int().min(1).max(10).meta({
    description: 'songs in the queue that it gets for each song of a key with weight 1',
    example: 1,
  }),
  expiresAt: time.exactOptional(),
});

/** What a client may use, and what of it is in use. */
export const limitsSchema = z.object({
  key: accessKeySchema.nullable().meta({ description: 'the key of this call; null where no key is needed' }),
  uploadBytes: count.meta({ description: 'of one song', example: 536_870_912 }),
  durationSeconds: count.meta({ description: 'of one song', example: 3600 }),
  queuedSongs: count.meta({ description: 'of yours that may wait or run at once', example: 500 }),
  queuedSongsNow: count.meta({ description: 'of yours that wait or run', example: 3 }),
  callsPerMinute: count.nullable().meta({ description: 'null: as many as you like', example: 600 }),
  retentionHours: count
    .nullable()
    .meta({ description: 'age at which a separation that has ended is deleted; null: never', example: null }),
});

const usedSchema = z.object({
  songs: count.meta({ example: 12 }),
  seconds: seconds.meta({ description: 'of all songs', example: 2520.5 }),
  bytes: count.meta({ description: 'of all songs as they were uploaded', example: 84_000_000 }),
});

export const ownerUsageSchema = usedSchema.extend({
  owner: z.string().nullable().meta({ description: 'name of a key; null for songs without one', example: 'ann' }),
  last30Days: usedSchema.meta({ description: 'of songs that were accepted in the last 30 days' }),
});

/** What the store holds. Songs that were deleted count no longer. */
export const usageSchema = z.object({
  usage: z.array(ownerUsageSchema).meta({ description: 'yours; of every owner, for an administrator' }),
});

export type Limits = DocumentOf<typeof limitsSchema>;
export type OwnerUsage = DocumentOf<typeof ownerUsageSchema>;
export type Usage = DocumentOf<typeof usageSchema>;
