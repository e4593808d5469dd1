import { Caller, type CallOptions, type ClientOptions } from './caller.js';
import { resumingDownload } from './download/resuming-download.js';
import { follow, followPreview, type FollowOptions } from './events/follow.js';
import { paths } from './paths.js';
import type {
  Analysis,
  ModelList,
  OwnEdit,
  Preview,
  Separation,
  SeparationPage,
  SeparationStatus,
  Waveform,
} from './types.js';
import type { Song, UploadOptions } from './upload/song.js';
import { fieldsOf, upload, type SeparationOptions } from './upload/upload.js';

export interface ListOptions extends CallOptions {
  readonly status?: SeparationStatus | undefined;
  /** 1 to 100 */
  readonly limit?: number;
  /** `nextCursor` of the page before */
  readonly cursor?: string | undefined;
}

/**
 * The HTTP API of a server. Every method throws ApiError for an error response, ConnectionError if there is none, and the
 * signal's reason after an abort.
 */
export class SeparationClient {
  private readonly caller: Caller;

  /** @throws TypeError if `server` is not an address */
  constructor(options: ClientOptions) {
    this.caller = new Caller(options);
  }

  /** Uploads a song. The answer is completed if the server has separated it before, with the same options. */
  upload(song: Song, options: SeparationOptions = {}, hooks: UploadOptions = {}): Promise<Separation> {
    return upload(this.caller, song, fieldsOf(options), hooks);
  }

  /** Uploads a song and waits until its separation has ended: completed, failed or cancelled. */
  async separate(song: Song, options: SeparationOptions = {}, hooks: UploadOptions = {}): Promise<Separation> {
    let separation = await this.upload(song, options, hooks);
    for await (const state of this.events(separation.id, hooks)) separation = state;
    return separation;
  }

  status(id: string, { signal }: CallOptions = {}): Promise<Separation> {
    return this.caller.json(paths.separation(id), withSignal(signal));
  }

  /** Yields the states of a separation, at once and after each change, and ends after the last one. Reconnects. */
  events(id: string, options: FollowOptions = {}): AsyncGenerator<Separation> {
    return follow(this.caller, id, options);
  }

  /** Asks the worker for a preview while it is read, and yields what can be heard. Ends with the separation. */
  previews(id: string, options: FollowOptions = {}): AsyncGenerator<Preview> {
    return followPreview(this.caller, id, options);
  }

  list({ status, limit, cursor, signal }: ListOptions = {}): Promise<SeparationPage> {
    const query = new URLSearchParams({
      ...(limit !== undefined && { limit: String(limit) }),
      ...(cursor !== undefined && { cursor }),
      ...(status !== undefined && { status }),
    });
    return this.caller.json(`${paths.separations}?${query.toString()}`, withSignal(signal));
  }

  cancel(id: string, { signal }: CallOptions = {}): Promise<Separation> {
    return this.caller.json(paths.cancel(id), { method: 'POST', ...withSignal(signal) });
  }

  /** Deletes a separation that has ended, with all its files. */
  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.caller.briefly(paths.separation(id), { method: 'DELETE', ...withSignal(signal) });
  }

  /** Sets title, tempo or key. `null` takes a value back. */
  edit(id: string, edit: OwnEdit, { signal }: CallOptions = {}): Promise<Separation> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'PATCH', body: JSON.stringify(edit), headers, ...withSignal(signal) };
    return this.caller.json(paths.separation(id), init);
  }

  models({ signal }: CallOptions = {}): Promise<ModelList> {
    return this.caller.json(paths.models, withSignal(signal));
  }

  waveform(id: string, { signal }: CallOptions = {}): Promise<Waveform> {
    return this.caller.json(paths.waveform(id), withSignal(signal));
  }

  /** @returns undefined while it is being made */
  async analysis(id: string, { signal }: CallOptions = {}): Promise<Analysis | undefined> {
    const answer = await this.caller.briefly(paths.analysis(id), withSignal(signal));
    // read in any case: a browser keeps the connection busy until then
    const found = (await answer.json()) as Analysis;
    return answer.status === 202 ? undefined : found;
  }

  /** Downloads a file, see `paths`. Its body goes on where it was when the connection breaks. */
  download(path: string, options: CallOptions = {}): Promise<Response> {
    return resumingDownload(this.caller, path, options);
  }

  /** Any other call. */
  call(path: string, init: RequestInit = {}): Promise<Response> {
    return this.caller.call(path, init);
  }
}

function withSignal(signal: AbortSignal | undefined): RequestInit {
  return signal === undefined ? {} : { signal };
}
