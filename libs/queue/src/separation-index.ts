import { isSeparationId, type SeparationId } from '@app/separations';
import type { RedisConnections } from './redis-connections.js';

export interface IndexPage {
  readonly ids: readonly SeparationId[];
  /** for the next, older page; null on the last */
  readonly nextCursor: string | null;
}

/** The separations of each owner, newest first. Rebuilt from the store by the reconciler. */
export class SeparationIndex {
  constructor(private readonly connections: RedisConnections) {}

  /** `createdAt`: ISO 8601. @throws QueueUnavailableError */
  add(owner: string | null, id: SeparationId, createdAt: string): Promise<void> {
    throw new Error(`not written yet: ${String(owner)} ${id} ${createdAt} ${typeof this.connections}`);
  }

  /** @throws QueueUnavailableError */
  remove(owner: string | null, id: SeparationId): Promise<void> {
    throw new Error(`not written yet: ${String(owner)} ${id}`);
  }

  /** @throws InvalidCursorError for a cursor that no page gave out, QueueUnavailableError */
  page(owner: string | null, cursor: string | null, limit: number): Promise<IndexPage> {
    throw new Error(`not written yet: ${String(owner)} ${String(cursor)} ${limit} ${isSeparationId.name}`);
  }
}
