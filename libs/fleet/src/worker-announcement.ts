import { json, QUEUE_NAME } from '@app/redis';
import { modelDescriptionSchema, type DocumentOf, type ModelDescription } from '@app/separations';
import { z } from 'zod';

/** What a worker tells about itself. */
const workerAnnouncementSchema = z.object({
  workerId: z.string(),
  /** earlier versions had one queue and did not name it */
  queue: z.string().default(QUEUE_NAME),
  /** each on a GPU of its own; earlier versions had one */
  engines: z.number().default(1),
  models: z.array(modelDescriptionSchema),
  device: z.string(),
  backend: z.string(),
  precision: z.string(),
  /** seconds of song separated per second, by model; null until measured */
  realTimeFactor: z.record(z.string(), z.number().nullable()),
});

export type WorkerAnnouncement = DocumentOf<typeof workerAnnouncementSchema>;

/** undefined for any other text: another version of the service may have stored it */
export function parseAnnouncement(text: string | null): WorkerAnnouncement | undefined {
  return workerAnnouncementSchema.safeParse(json(text)).data;
}

export function parseModel(text: string): ModelDescription | undefined {
  return modelDescriptionSchema.safeParse(json(text)).data;
}
