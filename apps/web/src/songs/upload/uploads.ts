import { paths, type SeparationOptions, type UploadOptions } from '@app/client';
import { computed, signal } from '@preact/signals';
import { api, call } from '../../api/client.js';
import { isTerminal, type Separation, type SeparationId } from '../../api/contract.js';
import { codeOf } from '../../api/errors.js';
import { MAX_UPLOAD_BYTES } from '../../api/limits.js';
import { refusalOf } from './accepted-files.js';
import { delay } from '../../api/delay.js';
import { openSong, showSong, songs, upsertSongs } from '../library.js';
import { uploadOptions, wantedOptions } from './upload-options.js';

export type UploadState =
  | { readonly step: 'waiting' }
  | { readonly step: 'sending'; readonly percent: number; readonly bytesPerSecond: number | undefined }
  | { readonly step: 'checking' }
  | { readonly step: 'refused'; readonly code: string }
  /** the server had it, with the same options */
  | { readonly step: 'known'; readonly id: SeparationId };

/** A song on its way to the server. */
export interface Upload {
  readonly key: number;
  readonly file: File;
  readonly options: SeparationOptions;
  readonly state: UploadState;
}

/** more uploads at once would only share the same bandwidth */
const CONCURRENCY = 2;

/** a rate measured earlier says nothing, ms */
const RATE_AFTER_MS = 500;

const INPUT_TIMEOUT_MS = 300_000;

/** refusals of a server that is busy for a moment */
const PASSING = ['busy', 'queue_unavailable', 'storage_unavailable', 'too_many_at_once'];
const UNFINISHED: readonly UploadState['step'][] = ['waiting', 'sending', 'checking'];
const AGAIN_AFTER_MS = [2000, 5000, 10_000];

export const uploads = signal<readonly Upload[]>([]);

const inFlight = new Map<number, AbortController>();
let lastKey = 0;

export const isUploading = computed(() => uploads.value.some(({ state }) => UNFINISHED.includes(state.step)));

/** Asks before a reload would lose the songs on their way. */
export function guardUploads(): void {
  window.addEventListener('beforeunload', (event) => {
    if (isUploading.value) event.preventDefault();
  });
}

/** Queues files for upload in their order, except those the server would refuse. @returns how many were queued */
export function addFiles(files: readonly File[], options = wantedOptions(uploadOptions.value)): number {
  // the newest first, as in the list
  const added = files.map((file): Upload => {
    lastKey += 1;
    const code = refusalOf(file, MAX_UPLOAD_BYTES);
    return { key: lastKey, file, options, state: code === undefined ? { step: 'waiting' } : { step: 'refused', code } };
  });
  uploads.value = [...added.reverse(), ...uploads.value];
  sendNext();
  return added.filter(({ state }) => state.step === 'waiting').length;
}

/** Removes an upload, and aborts it if it is running. */
export function removeUpload(key: number): void {
  inFlight.get(key)?.abort();
  uploads.value = uploads.value.filter((one) => one.key !== key);
}

export function retryUpload(key: number): void {
  setState(key, { step: 'waiting' });
  sendNext();
}

/** Uploads the song of a failed or canceled separation again, with the same options. */
export async function separateAgain({ id, fileName, model, stems, formats }: Separation): Promise<void> {
  const song = await (await call(paths.input(id), { signal: AbortSignal.timeout(INPUT_TIMEOUT_MS) })).blob();
  addFiles([new File([song], fileName)], wantedOptions({ model, stems, formats }));
}

function sendNext(): void {
  const waiting = uploads.value.filter(({ state }) => state.step === 'waiting');
  for (const next of waiting.reverse()) {
    if (inFlight.size >= CONCURRENCY) return;
    if (!inFlight.has(next.key)) void send(next);
  }
}

async function send({ key, file, options }: Upload): Promise<void> {
  const abort = new AbortController();
  inFlight.set(key, abort);
  setState(key, { step: 'sending', percent: 0, bytesPerSecond: undefined });
  const began = performance.now();
  try {
    const song = await sendPatiently(file, options, {
      signal: abort.signal,
      onProgress: (sentBytes, totalBytes) => {
        const elapsed = performance.now() - began;
        const bytesPerSecond = elapsed < RATE_AFTER_MS ? undefined : (sentBytes / elapsed) * 1000;
        const percent = Math.floor((100 * sentBytes) / totalBytes);
        setState(key, percent >= 100 ? { step: 'checking' } : { step: 'sending', percent, bytesPerSecond });
      },
    });
    const listed = songs.value.find(({ id }) => id === song.id);
    // one that has failed or was canceled begins again
    const isKnown = song.status === 'completed' || (listed !== undefined && !isTerminal(listed.status));
    upsertSongs(song);
    if (isKnown) setState(key, { step: 'known', id: song.id });
    else uploads.value = uploads.value.filter((one) => one.key !== key);
    if (song.status === 'completed' && openSong.value === undefined) showSong(song.id);
  } catch (error) {
    if (!abort.signal.aborted) setState(key, { step: 'refused', code: codeOf(error) });
  } finally {
    inFlight.delete(key);
    sendNext();
  }
}

/** Sends again what the server was too busy for, before the user has to. */
async function sendPatiently(
  file: File,
  options: SeparationOptions,
  hooks: UploadOptions & { readonly signal: AbortSignal },
): Promise<Separation> {
  for (const waitMs of AGAIN_AFTER_MS) {
    try {
      return await api.upload(file, options, hooks);
    } catch (error) {
      if (!PASSING.includes(codeOf(error))) throw error;
      await delay(waitMs, hooks.signal);
      hooks.signal.throwIfAborted();
    }
  }
  return api.upload(file, options, hooks);
}

function setState(key: number, state: UploadState): void {
  uploads.value = uploads.value.map((one) => (one.key === key ? { ...one, state } : one));
}
