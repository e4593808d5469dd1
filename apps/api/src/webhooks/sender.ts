import type { Readable } from 'node:stream';
import { withTimeout } from '@app/concurrency';
import { OutboundClient, OutboundError } from '@app/outbound';
import type { DeliveryAttempt } from '@app/separations';
import type { Clock } from './clock.js';
import { signedHeaders } from './signature.js';
import type { WebhookMetrics } from './webhook-metrics.js';

/** of an answer, which nobody needs */
const READ_BYTES = 4096;
/** for the rest of an answer whose head is there, ms */
const READ_MS = 2000;

export interface Message {
  /** an idempotency key, without dots */
  readonly id: string;
  readonly body: string;
}

export interface Target {
  readonly url: string;
  /** signs the message; a callback is not signed */
  readonly secret?: string;
}

/** Sends one message to a webhook, and tells what came of it. */
export class Sender {
  constructor(
    private readonly client: OutboundClient,
    private readonly clock: Clock,
    private readonly metrics: WebhookMetrics,
  ) {}

  /** @throws the signal's reason */
  async send({ url, secret }: Target, { id, body }: Message, signal: AbortSignal): Promise<DeliveryAttempt> {
    const now = this.clock.now();
    const startedAt = performance.now();
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'music-separation-webhooks',
      ...(secret === undefined ? { 'webhook-id': id } : signedHeaders(secret, id, now, body)),
    };
    const result = await this.exchange(new URL(url), headers, body, signal);
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    this.metrics.attempted({ outcome: result.outcome, seconds });
    return { at: new Date(now).toISOString(), seconds, ...result };
  }

  private async exchange(
    url: URL,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<Omit<DeliveryAttempt, 'at' | 'seconds'>> {
    try {
      const answer = await this.client.send(url, { method: 'POST', headers, body, signal });
      const isCut = await readSome(answer.body);
      return { ...outcomeOf(answer.status, isCut), status: answer.status };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof OutboundError) return { outcome: error.fault, detail: error.message };
      throw error;
    }
  }
}

function outcomeOf(status: number, isCut: boolean): Pick<DeliveryAttempt, 'outcome' | 'detail'> {
  const more = isCut ? ' Its answer is longer than 4 KiB; the rest was not read.' : '';
  const said = `The receiver answered HTTP ${status}.${more}`;
  if (status >= 200 && status < 300) return { outcome: 'delivered', detail: said };
  if (status >= 300 && status < 400) return { outcome: 'redirected', detail: `${said} Redirects are not followed.` };
  return { outcome: 'refused', detail: said };
}

/** Whether there is more than is read. An answer that breaks off has been given all the same. */
async function readSome(body: Readable): Promise<boolean> {
  let bytes = 0;
  const read = async (): Promise<boolean> => {
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length;
      if (bytes > READ_BYTES) return true;
    }
    return false;
  };
  try {
    return await withTimeout(READ_MS, read);
  } catch {
    return false;
  } finally {
    body.destroy();
  }
}
