/** Redis did not answer in time. The call may or may not have taken effect. */
export class RedisUnavailableError extends Error {
  readonly code = 'queue_unavailable';

  constructor(options?: ErrorOptions) {
    super('the queue is unreachable', options);
  }
}
