import { Injectable } from '@nestjs/common';
import { withTimeout } from '@app/concurrency';
import { endingOf, SeparationStore } from '@app/separation-store';
import type { SeparationId, StoredCallback } from '@app/separations';
import { fromQueue, fromStore, storageUnavailable } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { Announcer } from './announcer.js';
import { CallbackReceivers } from './callback-receivers.js';
import { callbackName } from './delivery-ref.js';
import { WebhookStore } from './webhook-store.js';

/** that wait for one separation */
const MAX_CALLBACKS = 10;

/** for a delivery that is made at once: several objects, ms */
const DELIVERY_MS = 5000;

/** Calls that callers ask for when they send a song. They are delivered like webhooks, with a body of the caller's own. */
@Injectable()
export class Callbacks {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly announcer: Announcer,
    private readonly receivers: CallbackReceivers,
    private readonly separations: SeparationStore,
  ) {}

  /**
   * Calls back when the separation is completed: at once if it is, never if it fails. The address is checked when it is
   * connected to.
   * @param owner of the separation
   * @param often `again`: also if an equal callback was delivered before
   * @throws ProblemError too_many_webhooks, busy, storage_unavailable or queue_unavailable
   */
  async add(owner: string | null, id: SeparationId, callback: StoredCallback, often: 'once' | 'again'): Promise<void> {
    const waiting = (await fromStore(() => this.webhooks.callbacks(id))).map(callbackName);
    if (waiting.length >= MAX_CALLBACKS && !waiting.includes(callbackName(callback))) {
      const detail = `The song is accepted, but ${MAX_CALLBACKS} other callbacks wait for it already.`;
      throw new ProblemError('too_many_webhooks', detail, { extras: { limit: MAX_CALLBACKS } });
    }
    const reserve = (): Promise<unknown> => this.receivers.at(owner, callback.url);
    await withTimeout(DELIVERY_MS, reserve, { onTimeout: storageUnavailable });
    // the reconciler looks at it again, and delivers what we leave if we fail from here on
    await fromQueue(() => this.separations.state.markOpen(id));
    // written before the separation is looked at: either we or the announcer sees both
    await fromStore(() => this.webhooks.writeCallback(id, callback));
    const stored = await fromStore(() => this.separations.find(id, { isForWork: true }));
    const ending = stored && endingOf(stored);
    if (stored !== undefined && ending?.status !== 'completed') return;
    if (stored !== undefined && ending !== undefined) {
      const callBack = (): Promise<void> => this.announcer.callBack(stored, ending, callback, often);
      await withTimeout(DELIVERY_MS, callBack, { onTimeout: storageUnavailable });
    }
    await fromStore(() => this.webhooks.removeCallback(id, callback));
  }
}
