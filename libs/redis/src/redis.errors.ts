/**
 * Redis did not answer in time, or refuses to work: it is out of memory or disk, or a replica. The call may or may not
 * have taken effect.
 */
export class RedisUnavailableError extends Error {
  readonly code = 'queue_unavailable';

  constructor(options?: ErrorOptions) {
    const refusal = refusalOf(options?.cause);
    super(refusal === undefined ? 'the queue is unreachable' : `the queue refuses to work: ${refusal}`, options);
  }
}

/** The Redis is a Redis Cluster, which would spread the keys of one queue over its nodes. */
export class RedisClusterError extends Error {
  constructor(url: URL) {
    const address = `${url.hostname}:${url.port === '' ? '6379' : url.port}`;
    super(
      `The Redis at ${address} runs in cluster mode, which is not supported: ` +
        'set REDIS_URL to one server, or REDIS_SENTINELS to the sentinels of a replicated one.',
    );
  }
}

/** in the reply to a command, a transaction or a script */
const REFUSALS = /\b(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|MISCONF|OOM|UNBLOCKED)\b/;

/** Why Redis refused a command that it would take at another time; undefined for any other error. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  const ownReason = REFUSALS.exec(error.message)?.[1];
  // EXECABORT: ioredis adds the errors of the commands in the transaction
  const earlier = 'previousErrors' in error && Array.isArray(error.previousErrors) ? error.previousErrors : [];
  return ownReason ?? earlier.map(refusalOf).find((reason) => reason !== undefined);
}

/** Whether the connection leads to a replica, or to a Redis that has just become one. */
export function isFromReplica(error: unknown): boolean {
  return ['READONLY', 'MASTERDOWN', 'UNBLOCKED'].includes(refusalOf(error) ?? '');
}
