import { Injectable } from '@nestjs/common';
import { SeparationQueue } from '@app/queue';
import type { Separation, SeparationId } from '@app/separations';
import { SeparationAccess, separationNotFound } from '../access/separation-access.js';
import { needsRun, type StoredSeparation } from '@app/separation-store';
import { fromQueue } from '../problems/outages.js';
import { JobStates } from './job-states.js';
import { separationView } from './separation-view.js';

/** Combines a stored separation with its job in the queue. */
@Injectable()
export class SeparationReader {
  constructor(
    private readonly access: SeparationAccess,
    private readonly jobs: JobStates,
    private readonly queue: SeparationQueue,
  ) {}

  /**
   * Makes one call to Redis for an open separation, none for one that has ended.
   * @throws ProblemError separation_not_found if it was removed meanwhile
   */
  async view(stored: StoredSeparation): Promise<Separation> {
    const { id } = stored.request;
    if (!isOpen(stored)) return separationView(stored, undefined);
    const job = await this.jobs.of(id);
    if (job !== undefined) return separationView(stored, job);
    const view = await this.viewWithoutJob(id);
    if (view === undefined) throw separationNotFound();
    return view;
  }

  /**
   * Views of many separations with one call to Redis. Left out are those that were removed meanwhile, and those of
   * another owner: the index may be wrong, the store decides.
   */
  async views(ids: readonly SeparationId[], owner: string | null): Promise<Separation[]> {
    const found = await Promise.all(ids.map((id) => this.access.find(id)));
    const stored = found.filter((one) => one !== undefined).filter(({ request }) => request.owner === owner);
    const open = stored.filter(isOpen).map(({ request }) => request.id);
    const jobs = open.length === 0 ? new Map<SeparationId, never>() : await fromQueue(() => this.queue.states(open));
    const views = await Promise.all(
      stored.map(async (one) => {
        const job = jobs.get(one.request.id);
        if (isOpen(one) && job === undefined) return this.viewWithoutJob(one.request.id);
        return separationView(one, job);
      }),
    );
    return views.filter((view) => view !== undefined);
  }

  /** the job ended after the store was read, or was lost: read the store again. undefined if it was removed */
  private async viewWithoutJob(id: SeparationId): Promise<Separation | undefined> {
    this.access.forget(id);
    const stored = await this.access.find(id);
    if (stored === undefined) return undefined;
    const lost = isOpen(stored) ? await fromQueue(() => this.queue.failure(id)) : undefined;
    return separationView(stored, undefined, lost);
  }
}

/** Whether the status depends on the job. */
function isOpen(stored: StoredSeparation): boolean {
  return needsRun(stored);
}
