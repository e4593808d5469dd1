import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { json, RedisConnections, RedisLock } from '@app/redis';
import type { Separation } from '@app/separations';
import { callerOf } from '../access/client.js';
import type { ApiRequest } from '../context/api-request.js';
import { fromQueue } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import type { Upload } from '../uploads/upload-receiver.js';

export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

const KEPT_MS = 24 * 3600 * 1000;
/** of one client; the oldest ones are forgotten first */
const KEPT = 1000;
/** a server that died holds its calls no longer, ms */
const LEASE_MS = 15_000;

/** KEYS: the answer, the client's answers. ARGV: the text, lifetime in ms, how many are kept. */
const KEEP = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('LPUSH', KEYS[2], KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
while redis.call('LLEN', KEYS[2]) > tonumber(ARGV[3]) do redis.call('DEL', redis.call('RPOP', KEYS[2])) end`;

/** What a call was answered, and the digest of what it sent. */
export interface Answered {
  readonly separation: Separation;
  readonly digest: string;
}

export interface Submitted extends Answered {
  readonly isRepeated: boolean;
}

/**
 * Calls with an `Idempotency-Key`: one that repeats an earlier call of its client gets the same answer for 24 h. Refused
 * calls are not kept, and can be tried again. The answers are in Redis. Without them, the same song is still the same
 * separation.
 */
@Injectable()
export class IdempotentCalls {
  private readonly logger = new Logger('submissions');

  constructor(private readonly connections: RedisConnections) {}

  /**
   * @param work gets the answer of an equal earlier call
   * @throws ProblemError invalid_idempotency_key, idempotency_key_in_use, queue_unavailable
   */
  async run(request: ApiRequest, work: (earlier?: Answered) => Promise<Submitted>): Promise<Submitted> {
    const key = keyOf(request);
    if (key === undefined) return work();
    const client = callerOf(request);
    const answer = this.connections.keys.answer(client, createHash('sha256').update(key).digest('hex'));
    const lock = new RedisLock(this.connections, `${answer}:lock`, LEASE_MS);
    const earlier = await this.find(answer);
    if (earlier !== undefined) return work(earlier);
    if (!(await fromQueue(() => lock.acquire()))) throw inUse();
    return lock.holdWhile(async () => {
      // the first call may have ended between the two
      const meanwhile = await this.find(answer);
      if (meanwhile !== undefined) return work(meanwhile);
      const submitted = await work();
      await this.keep(answer, client, submitted);
      return submitted;
    });
  }

  private async find(answer: string): Promise<Answered | undefined> {
    const text = await fromQueue(() => this.connections.call((redis) => redis.get(answer)));
    return json(text ?? undefined) as Answered | undefined;
  }

  private async keep(answer: string, client: string, { separation, digest }: Submitted): Promise<void> {
    const text = JSON.stringify({ separation, digest } satisfies Answered);
    const answers = this.connections.keys.answers(client);
    try {
      await fromQueue(() =>
        this.connections.call((redis) => redis.eval(KEEP, 2, answer, answers, text, KEPT_MS, KEPT)),
      );
    } catch (error) {
      // it is accepted all the same, and the same song is the same separation
      this.logger.warn(`the answer will not be repeated: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Names everything that an upload sent. */
export function digestOf({ sha256, originalName, fields }: Upload): string {
  const sent = [sha256, originalName, Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))];
  return createHash('sha256').update(JSON.stringify(sent)).digest('hex');
}

/** The answer of an earlier call. @throws ProblemError idempotency_key_reused if that one sent something else */
export function repeated({ separation, digest: before }: Answered, digest: string): Submitted {
  if (before === digest) return { separation, digest, isRepeated: true };
  const detail = 'This Idempotency-Key came with another song or other options. Use a new one for each upload.';
  throw new ProblemError('idempotency_key_reused', detail);
}

function keyOf(request: ApiRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  const detail = 'An Idempotency-Key has 1 to 255 letters, digits and signs of ASCII, without spaces.';
  throw new ProblemError('invalid_idempotency_key', detail);
}

function inUse(): ProblemError {
  const detail = 'The first call with this Idempotency-Key still runs. Try again when it has ended.';
  return new ProblemError('idempotency_key_in_use', detail, { retryAfterSeconds: 1 });
}
