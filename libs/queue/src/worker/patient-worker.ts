import { setTimeout as pause } from 'node:timers/promises';
import { Worker, type Job } from 'bullmq';

const REFUSED_MS = 500;

/** BullMQ's worker asks for a job again at once when Redis refuses one: thousands of times a second. This one waits. */
export class PatientWorker extends Worker {
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      // BullMQ itself waits after a lost connection
      if (error instanceof Error && error.name === 'ReplyError') await pause(REFUSED_MS);
      throw error;
    }
  }
}
