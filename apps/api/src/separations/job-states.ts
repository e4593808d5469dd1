import { Injectable } from '@nestjs/common';
import { SeparationQueue, type JobState } from '@app/queue';
import type { SeparationId } from '@app/separations';
import { fromQueue } from '../problems/outages.js';

type States = Promise<Map<SeparationId, JobState>>;

/** ids per call to Redis */
const TOGETHER = 100;

/** Batches job lookups: all calls of one turn of the event loop share one call to Redis. */
@Injectable()
export class JobStates {
  private next: { readonly ids: Set<SeparationId>; readonly states: States } | undefined;

  constructor(private readonly queue: SeparationQueue) {}

  /** undefined if there is no live job. @throws ProblemError queue_unavailable */
  async of(id: SeparationId): Promise<JobState | undefined> {
    const question = this.next ?? this.open();
    question.ids.add(id);
    if (question.ids.size >= TOGETHER) this.next = undefined;
    return (await question.states).get(id);
  }

  private open(): { readonly ids: Set<SeparationId>; readonly states: States } {
    const ids = new Set<SeparationId>();
    const states = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (this.next === question) this.next = undefined;
      return fromQueue(() => this.queue.states([...ids]));
    });
    const question = { ids, states };
    this.next = question;
    return question;
  }
}
