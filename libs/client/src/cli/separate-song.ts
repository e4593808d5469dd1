import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '../errors.js';
import { saveDownload, songFile } from '../node/index.js';
import { paths, type Format } from '../paths.js';
import type { SeparationClient } from '../separation-client.js';
import type { Separation } from '../types.js';
import type { SeparationOptions } from '../upload/upload.js';
import { StopError } from './exit-codes.js';
import { SongChanged, SongFailure } from './failures.js';
import type { Written } from './library/entry.js';
import type { Library } from './library/library.js';
import type { RetryPolicy } from './retry-policy.js';
import { Eta } from './report/eta.js';
import type { Reporter } from './report/song-event.js';
import { fingerprintOf, isSame, type Fingerprint } from './songs/fingerprint.js';
import type { SongPath } from './songs/scan.js';

export interface SongContext {
  readonly client: SeparationClient;
  readonly library: Library;
  readonly options: SeparationOptions;
  readonly priority: SeparationOptions['priority'] | undefined;
  readonly reporter: Reporter;
  readonly retryPolicy: RetryPolicy;
  /** aborts with a StopError, or with what ended the run */
  readonly signal: AbortSignal;
}

/** Separates a song and writes its stems to a folder of the library. Cancels the separation if the user does. */
export async function separateSong(
  song: SongPath,
  {
    fingerprint,
    sha256,
    folder,
  }: { readonly fingerprint: Fingerprint; readonly sha256: string; readonly folder: string },
  context: SongContext,
): Promise<Written> {
  let separation: Separation | undefined;
  try {
    separation = await upload(song, fingerprint, context);
    if (await hasChanged(song, fingerprint)) throw new SongChanged();
    separation = await ended(song, separation, context);
    // a copy that went on, at the same size and time
    if (separation.receipt !== undefined && separation.receipt.input.sha256 !== sha256) throw new SongChanged();
    return await fetchStems(song, separation, folder, context);
  } catch (error) {
    const { reason } = context.signal as { readonly reason?: unknown };
    const isUnwanted = error instanceof SongChanged || (reason instanceof StopError && reason.cancels);
    if (separation !== undefined && isUnwanted) await cancel(separation.id, context);
    throw error;
  }
}

function upload(song: SongPath, before: Fingerprint, context: SongContext): Promise<Separation> {
  const { client, options, priority, reporter, retryPolicy, signal } = context;
  const wanted = { ...options, ...(priority !== undefined && { priority }) };
  const onProgress = (sentBytes: number, bytes: number): void => {
    reporter.report({ event: 'uploading', song: song.name, sentBytes, bytes });
  };
  const send = async (): Promise<Separation> => {
    const file = await songFile(song.path);
    return client.upload(file, wanted, { signal, onProgress }).catch(async (error: unknown) => {
      // one that shrinks breaks its upload
      if (!(error instanceof ApiError) && (await hasChanged(song, before))) throw new SongChanged();
      throw error;
    });
  };
  return retryPolicy.run(send, away(song, reporter), signal);
}

/** A file that is gone was read to its end. */
async function hasChanged({ path }: SongPath, before: Fingerprint): Promise<boolean> {
  return fingerprintOf(path).then(
    (now) => !isSame(before, now),
    () => false,
  );
}

/** Follows a separation until it is completed. @throws SongFailure if it ends otherwise */
async function ended(song: SongPath, begun: Separation, context: SongContext): Promise<Separation> {
  const { client, reporter, retryPolicy, signal } = context;
  const eta = new Eta();
  let last = begun;
  const states = client.events(begun.id, {
    signal,
    maxRetryMs: retryPolicy.awayMs,
    shouldRetry: (error) => retryPolicy.shouldRetry(error),
    onAway: (error) => {
      away(song, reporter)(error as Error);
    },
  });
  for await (const state of states) {
    last = state;
    const { id, status, queue, progress } = state;
    const { name } = song;
    if (status === 'queued') {
      const { position = null, etaSeconds = null } = queue ?? {};
      reporter.report({ event: 'queued', song: name, id, position, etaSeconds });
    }
    if (status === 'processing') {
      const etaSeconds = eta.secondsLeft(progress.percent);
      reporter.report({ event: 'processing', song: name, id, ...progress, etaSeconds });
    }
  }
  const { status, error } = last;
  if (status === 'completed') return last;
  if (status === 'cancelled') throw new SongFailure('cancelled', 'The separation was cancelled.');
  throw new SongFailure(error?.code ?? 'internal', `The separation failed: ${error?.message ?? ''}`);
}

async function fetchStems(
  song: SongPath,
  { id, model, stems }: Separation,
  folder: string,
  { client, library, options, reporter, retryPolicy, signal }: SongContext,
): Promise<Written> {
  const formats: readonly Format[] = options.formats ?? ['flac'];
  // each path of the server first: it checks the names
  const wanted = stems.flatMap((stem) =>
    formats.map((format) => ({ path: paths.stem(id, stem, format), name: `${stem}.${format}` })),
  );
  const files: { name: string; bytes: number }[] = [];
  await library.take(
    wanted.map(({ name }) => join(folder, name)),
    song.path,
  );
  await mkdir(join(library.root, folder), { recursive: true });
  for (const { path, name } of wanted) {
    const save = (): Promise<number> => saveDownload(client, path, join(library.root, folder, name), { signal });
    files.push({ name, bytes: await retryPolicy.run(save, away(song, reporter), signal) });
  }
  return { id, model, folder, files };
}

function away({ name }: SongPath, reporter: Reporter): (error: Error) => void {
  return ({ message }) => {
    reporter.report({ event: 'away', song: name, message });
  };
}

async function cancel(id: string, { client, reporter }: SongContext): Promise<void> {
  await client.cancel(id).catch((error: unknown) => {
    // the server answers so if the separation has ended meanwhile
    if (!(error instanceof ApiError)) reporter.note(`The separation ${id} could not be cancelled: ${String(error)}`);
  });
}
