import {
  OutboundClient,
  OutboundError,
  outboundUrl,
  type HostList,
  type OutboundAnswer,
  type Resolve,
} from '@app/outbound';
import type { ObjectStore } from '@app/storage';
import { invalidUrl } from '../../problems/invalid-url.js';
import { ProblemError } from '../../problems/problem.error.js';
import { LONGEST_UPLOAD_MS } from '../longest-upload.js';
import { stageFile, type StagedFile } from '../stage-file.js';
import type { UploadLimits } from '../upload-body.js';
import { fileTooLarge } from '../upload-problems.js';
import { BodyTooLargeError } from '../upload.errors.js';
import { BrokenFetchError, FetchedBody } from './fetched-body.js';

const MAX_REDIRECTS = 5;
/** until the head of each answer is there, ms */
const TIMEOUT_MS = 10_000;

/** a compressed answer could be a thousand times as long as what is counted */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'music-separation' };

/** Fetches songs from links that users send, into staging. */
export class LinkFetcher {
  private readonly client: OutboundClient;

  constructor(
    private readonly store: ObjectStore,
    private readonly hosts: HostList,
    private readonly limits: UploadLimits,
    resolve?: Resolve,
  ) {
    this.client = new OutboundClient({ allowed: hosts.ranges, timeoutMs: TIMEOUT_MS, ...(resolve && { resolve }) });
  }

  /**
   * The limits are those of uploads. Each address on the way is checked.
   * @throws ProblemError invalid_url, url_not_allowed, address_refused, fetch_failed or file_too_large, or the signal's reason
   */
  async fetch(link: string, signal: AbortSignal): Promise<StagedFile> {
    const url = outboundUrl(link);
    if (url === undefined) throw invalidUrl();
    // held until the end: Node would collect a timeout that only a combined signal knows, and it would never fire
    const late = AbortSignal.timeout(LONGEST_UPLOAD_MS);
    const inTime = AbortSignal.any([signal, late]);
    try {
      const answer = await this.open(url, inTime);
      return await this.stage(answer, nameIn(url), inTime);
    } catch (error) {
      signal.throwIfAborted();
      throw this.problemOf(late.aborted ? late.reason : error);
    }
  }

  /** Follows redirects to the song. */
  private async open(first: URL, signal: AbortSignal): Promise<OutboundAnswer> {
    let url = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      this.mustBeAllowed(url);
      const answer = await this.client.send(url, { method: 'GET', headers: HEADERS, signal });
      if (answer.status === 200) return answer;
      answer.body.destroy();
      const { location } = answer.headers;
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) {
        throw fetchFailed(`${url.host} answered HTTP ${answer.status}.`);
      }
      const next = outboundUrl(location, url);
      if (next === undefined) throw fetchFailed(`${url.host} redirects to an address that cannot be used.`);
      url = next;
    }
    throw fetchFailed(`The link redirects more than ${MAX_REDIRECTS} times.`);
  }

  private mustBeAllowed(url: URL): void {
    if (this.hosts.isEmpty) {
      throw new ProblemError(
        'url_not_allowed',
        'This server fetches no songs: its operator has not set URL_IMPORT_HOSTS.',
      );
    }
    if (this.hosts.allows(url)) return;
    throw new ProblemError(
      'url_not_allowed',
      `This server fetches no songs from ${url.hostname}: see URL_IMPORT_HOSTS.`,
    );
  }

  private async stage({ headers, body }: OutboundAnswer, name: string, signal: AbortSignal): Promise<StagedFile> {
    const encoding = headers['content-encoding'] ?? 'identity';
    const isTooLarge = Number(headers['content-length'] ?? 0) > this.limits.maxBytes;
    if (encoding.toLowerCase() !== 'identity' || isTooLarge) {
      body.destroy();
      throw isTooLarge ? new BodyTooLargeError() : fetchFailed(`The song is sent with Content-Encoding "${encoding}".`);
    }
    return stageFile(this.store, new FetchedBody(body, this.limits), name, signal);
  }

  private problemOf(error: unknown): unknown {
    if (error instanceof BodyTooLargeError) return fileTooLarge(this.limits.maxBytes);
    if (error instanceof BrokenFetchError) return fetchFailed(`The song did not arrive: ${error.message}.`, error);
    if (!(error instanceof OutboundError)) return error;
    if (error.fault === 'port_refused') return new ProblemError('invalid_url', error.message, { cause: error });
    if (error.fault !== 'address_refused') return fetchFailed(error.message, error);
    return new ProblemError('address_refused', error.message, { cause: error });
  }
}

function fetchFailed(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('fetch_failed', detail, { cause });
}

/** The last part of the path, as a file name. */
function nameIn({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
