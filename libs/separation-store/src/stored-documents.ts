import { setTimeout as pause } from 'node:timers/promises';
import { withTimeout } from '@app/concurrency';
import {
  InvalidDocumentError,
  objectKeys,
  parseAnalysis,
  parseManifest,
  parseStoredRequest,
  type Analysis,
  type Manifest,
  type SeparationId,
  type StoredRequest,
} from '@app/separations';
import {
  DocumentTooLargeError,
  StorageUnavailableError,
  UnreadableObjectError,
  type CallOptions,
  type ObjectStore,
} from '@app/storage';
import { documentKeys } from './document-keys.js';
import { unreadableRequest, type Damage, type StoredSeparation } from './ending.js';
import type { SeparationIndex } from './separation-index.js';

/** a store that answered wrongly once is asked again before we believe it */
const ATTEMPTS = 3;
const AGAIN_MS = 50;

export interface FindOptions extends CallOptions {
  /** instead of `callTimeoutMs`, for callers that nobody waits for */
  readonly timeoutMs?: number;
  /** whether finished work is lost if the store wrongly finds nothing: it is asked again then */
  readonly isExpected?: boolean;
  /**
   * For callers that act on what they find: a document that its disk cannot read now is a fault of the store, to be
   * tried again. Views take it for a failure.
   */
  readonly isForWork?: boolean;
}

type Document = 'request' | 'manifest';

/** this document will never be read */
const OF_THE_DOCUMENT = [InvalidDocumentError, DocumentTooLargeError];

/** Reads and writes `request.json` and `manifest.json`. */
export class StoredDocuments {
  constructor(
    private readonly objects: ObjectStore,
    private readonly index: SeparationIndex,
    private readonly callTimeoutMs: number,
  ) {}

  async find(id: SeparationId, options: FindOptions): Promise<StoredSeparation | undefined> {
    // one after the other: a new acceptance removes the old manifest before it writes its request
    const request = await this.read(documentKeys.request(id), parseStoredRequest, id, options);
    if (request === undefined) return undefined;
    if (request === 'unreadable') return this.withoutRequest(id, options);
    // an outcome wins over a manifest: whoever was told "cancelled" is never told "completed" later
    if (request.outcome.state !== 'accepted') return { request };
    const manifest = await this.read(documentKeys.manifest(id), parseManifest, id, { ...options, isExpected: false });
    if (manifest === undefined) return { request };
    // a worker of a version that knows no tracks has separated another one
    if (manifest !== 'unreadable' && manifest.options.track !== request.track) return { request };
    if (manifest !== 'unreadable') return { request, manifest };
    const damage = await this.damage('manifest', id, options);
    return { request, ...(damage && { damage }) };
  }

  async has(id: SeparationId, options: FindOptions): Promise<boolean> {
    const key = documentKeys.request(id);
    return (await this.call((signal) => this.objects.head(key, { signal }), options)) !== undefined;
  }

  async writeRequest(request: StoredRequest): Promise<void> {
    const text = JSON.stringify(request);
    await this.call((signal) => this.objects.putText(documentKeys.request(request.id), text, { signal }));
  }

  async writeManifest(manifest: Manifest): Promise<void> {
    // without a time limit: the store may still do what was aborted here
    await this.objects.putText(documentKeys.manifest(manifest.id), JSON.stringify(manifest, null, 2));
  }

  /** undefined also where it cannot be read: it is made again */
  async findAnalysis(id: SeparationId, options: FindOptions): Promise<Analysis | undefined> {
    try {
      const text = await this.call((signal) => this.objects.getText(objectKeys.analysis(id), { signal }), options);
      return text === undefined ? undefined : parseAnalysis(text);
    } catch (error) {
      if (OF_THE_DOCUMENT.some((kind) => error instanceof kind)) return undefined;
      throw error;
    }
  }

  async writeAnalysis(id: SeparationId, analysis: Analysis): Promise<void> {
    const text = JSON.stringify(analysis);
    await this.call((signal) => this.objects.putText(objectKeys.analysis(id), text, { signal }));
  }

  async remove(document: Document, id: SeparationId): Promise<void> {
    await this.call((signal) => this.objects.remove(documentKeys[document](id), { signal }));
  }

  private async withoutRequest(id: SeparationId, options: FindOptions): Promise<StoredSeparation | undefined> {
    const damage = await this.damage('request', id, options);
    if (damage === undefined) return undefined;
    const owner = (await this.index.ownerOf(id)) ?? null;
    return { request: unreadableRequest(id, owner, damage.at), damage };
  }

  /** undefined if the document was removed meanwhile */
  private async damage(document: Document, id: SeparationId, options: FindOptions): Promise<Damage | undefined> {
    const found = await this.call((signal) => this.objects.head(documentKeys[document](id), { signal }), options);
    return found && { document, at: found.modifiedAt.toISOString() };
  }

  private async read<T extends { readonly id: SeparationId }>(
    key: string,
    parse: (text: string) => T,
    id: SeparationId,
    options: FindOptions,
  ): Promise<T | 'unreadable' | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (attempt > 1) await pause(AGAIN_MS, undefined, options.signal && { signal: options.signal });
      try {
        const text = await this.call((signal) => this.objects.getText(key, { signal }), options);
        if (text === undefined) {
          if (options.isExpected && attempt < ATTEMPTS) continue;
          return undefined;
        }
        const read = parse(text);
        if (read.id === id) return read;
      } catch (error) {
        const isShown = error instanceof UnreadableObjectError && !options.isForWork;
        if (!isShown && !OF_THE_DOCUMENT.some((kind) => error instanceof kind)) throw error;
      }
    }
    return 'unreadable';
  }

  private call<T>(call: (signal: AbortSignal) => Promise<T>, { signal, timeoutMs }: FindOptions = {}): Promise<T> {
    return withTimeout(timeoutMs ?? this.callTimeoutMs, call, { signal, onTimeout: late });
  }
}

export function late(): StorageUnavailableError {
  return new StorageUnavailableError('it did not answer in time');
}
