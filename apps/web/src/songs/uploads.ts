import { signal } from '@preact/signals';
import type { Separation } from '@app/separations';
import { api } from '../api/client.js';
import { codeOf } from '../api/errors.js';
import { upload } from '../api/upload.js';
import { choices, fieldsOf } from './upload-options.js';
import { openSong, put } from './library.js';
import { MAX_UPLOAD_BYTES } from '../api/limits.js';

export type UploadState =
  | { readonly step: 'waiting' }
  | { readonly step: 'sending'; readonly percent: number; readonly bytesPerSecond: number | undefined }
  | { readonly step: 'checking' }
  | { readonly step: 'refused'; readonly code: string };

/** A song on its way to the server. */
export interface Upload {
  readonly key: number;
  readonly file: File;
  readonly fields: Readonly<Record<string, string>>;
  readonly state: UploadState;
}

/** at once: more would only share the same line */
const MOST_AT_ONCE = 2;

/** before this a speed says nothing, ms */
const SPEED_AFTER_MS = 500;

/** what browsers take for no sound, though it may be */
const SOUND_NAME = /\.(mp3|flac|wav|m4a|mp4|aac|ogg|oga|opus|aiff?|w64|wma|asf|webm|mka|mkv|mov|3gp|caf|ac3|alac)$/i;

export const uploads = signal<readonly Upload[]>([]);

const senders = new Map<number, AbortController>();
let lastKey = 0;

/** Queues the files; what the server would refuse is refused here. @returns how many are on their way */
export function addFiles(files: readonly File[], fields = fieldsOf(choices.value)): number {
  const added = files.map((file): Upload => {
    lastKey += 1;
    const code = refusal(file);
    return { key: lastKey, file, fields, state: code === undefined ? { step: 'waiting' } : { step: 'refused', code } };
  });
  uploads.value = [...added, ...uploads.value];
  sendNext();
  return added.filter(({ state }) => state.step === 'waiting').length;
}

/** Removes an upload, and stops it where it runs. */
export function dropUpload(key: number): void {
  senders.get(key)?.abort();
  uploads.value = uploads.value.filter((one) => one.key !== key);
}

export function sendAgain(key: number): void {
  setState(key, { step: 'waiting' });
  sendNext();
}

/** Sends the song of a separation that failed or was cancelled again, with the options it had. */
export async function separateAgain({ id, fileName, model, stems, formats }: Separation): Promise<void> {
  const song = await (await api.input(id, AbortSignal.timeout(300_000))).blob();
  addFiles([new File([song], fileName)], { model, stems: stems.join(','), formats: formats.join(',') });
}

function refusal(file: File): string | undefined {
  if (file.size === 0) return 'empty_file';
  if (file.size > MAX_UPLOAD_BYTES) return 'too_big';
  const isSound = /^(audio|video)\//.test(file.type) || SOUND_NAME.test(file.name);
  // a name without an ending and a type that nobody knows: the server shall look
  return isSound || (file.type === '' && !/\.\w+$/.test(file.name)) ? undefined : 'not_audio';
}

function sendNext(): void {
  const waiting = uploads.value.filter(({ state }) => state.step === 'waiting');
  for (const next of waiting.reverse()) {
    if (senders.size >= MOST_AT_ONCE) return;
    if (!senders.has(next.key)) void send(next);
  }
}

async function send({ key, file, fields }: Upload): Promise<void> {
  const stop = new AbortController();
  senders.set(key, stop);
  setState(key, { step: 'sending', percent: 0, bytesPerSecond: undefined });
  const began = performance.now();
  try {
    const song = await upload(file, fields, {
      signal: stop.signal,
      onProgress: ({ sentBytes, totalBytes }) => {
        const elapsed = performance.now() - began;
        const bytesPerSecond = elapsed < SPEED_AFTER_MS ? undefined : (sentBytes / elapsed) * 1000;
        const percent = Math.floor((100 * sentBytes) / totalBytes);
        setState(key, percent >= 100 ? { step: 'checking' } : { step: 'sending', percent, bytesPerSecond });
      },
    });
    uploads.value = uploads.value.filter((one) => one.key !== key);
    put(song);
    if (song.status === 'completed') openSong.value ??= song.id;
  } catch (error) {
    if (!stop.signal.aborted) setState(key, { step: 'refused', code: codeOf(error) });
  } finally {
    senders.delete(key);
    sendNext();
  }
}

function setState(key: number, state: UploadState): void {
  uploads.value = uploads.value.map((one) => (one.key === key ? { ...one, state } : one));
}
