/** Redis did not answer in time; nothing is known of what the call did. */
export class RedisUnavailableError extends Error {
  readonly code = 'queue_unavailable';

  constructor(options?: ErrorOptions) {
    super('the queue cannot be reached', options);
  }
}
