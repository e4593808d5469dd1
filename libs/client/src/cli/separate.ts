import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { SeparationClient } from '../separation-client.js';
import { EXIT, PlainError, type ExitCode } from './exit-codes.js';
import { LIBRARY_FOLDER } from './library-folder.js';
import { Library } from './library/library.js';
import { OutFolder } from './out-folder.js';
import { RetryPolicy } from './retry-policy.js';
import { JsonReporter } from './report/json-reporter.js';
import { OnceReporter } from './report/once-reporter.js';
import type { Reporter } from './report/song-event.js';
import { TextReporter } from './report/text-reporter.js';
import { runAll } from './run-all.js';
import type { Settings } from './settings.js';
import { SongRun } from './song-run.js';
import { scan, type SongPath } from './songs/scan.js';
import { sourcesOf, type Sources } from './songs/sources.js';
import { FolderWatch } from './watch.js';

/**
 * Separates what the command line names, and with `watch` what appears in its folders until the signal aborts.
 * @throws PlainError for what the user can mend, the signal's reason after an abort
 */
export async function separate(settings: Settings, stop: AbortSignal): Promise<ExitCode> {
  const sources = await sourcesOf(settings.paths);
  const [song] = sources.songs;
  if (settings.watch && song !== undefined) throw new PlainError(`--watch needs folders, and ${song.path} is a file.`);
  const out = await OutFolder.make(resolve(settings.out ?? sources.defaultOut));
  try {
    await mustBeApart(await realpath(out.root), sources);
    await mustHoldSongs(sources);
    // before the first look at a folder of songs: it may hold this one
    await out.mark();
    return await separateAll(sources, await Library.open(out.root), settings, stop);
  } finally {
    await out.removeIfEmpty();
  }
}

async function separateAll(
  sources: Sources,
  library: Library,
  settings: Settings,
  stop: AbortSignal,
): Promise<ExitCode> {
  const { folders, isSingle } = sources;
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  const { options, priority, atOnce, settleMs, pollMs } = settings;
  const printer: Reporter = settings.json
    ? new JsonReporter()
    : new TextReporter({ isSingle, isUnattended: settings.watch });
  const reporter = settings.watch ? new OnceReporter(printer) : printer;
  const run = new SongRun({
    client: new SeparationClient(settings),
    library,
    options,
    priority,
    reporter,
    retryPolicy: settings.watch ? RetryPolicy.forWatch() : RetryPolicy.forRun(),
    signal,
    folderOf: (song) => library.claimFolder(song, { isFlat: isSingle }),
    onceOnly: settings.watch,
  });
  const onUnreadable = (path: string, error: Error): void => {
    reporter.note(`Cannot read ${path}: ${error.message}`);
  };
  try {
    if (settings.watch) {
      const watch = new FolderWatch({ folders, library, options, run, onUnreadable, atOnce, settleMs, pollMs, signal });
      return await watch.untilStopped();
    }
    await runAll(allOf(sources, onUnreadable), run, atOnce);
  } catch (error) {
    ended.abort(error);
    throw error;
  } finally {
    reporter.end(run.end);
  }
  return run.end.failed > 0 ? EXIT.songFailed : EXIT.done;
}

async function* allOf(
  { songs, folders }: Sources,
  onUnreadable: (path: string, error: Error) => void,
): AsyncGenerator<SongPath> {
  yield* songs;
  for (const folder of folders) yield* scan(folder, onUnreadable);
}

/** A folder of songs may hold the folder of stems, but not the other way round: stems would lie among the songs. */
async function mustBeApart(root: string, { folders }: Sources): Promise<void> {
  const out = await stat(root);
  for (const { path: folder } of folders) {
    const { dev, ino } = await stat(folder);
    // two mounts may lead to one folder
    const isSame = dev === out.dev && ino === out.ino;
    if (!isSame && !folder.startsWith(root + sep)) continue;
    throw new PlainError(`The stems would be taken for songs: choose another folder than ${folder} with --out.`);
  }
}

async function mustHoldSongs({ folders }: Sources): Promise<void> {
  for (const { path: folder } of folders) {
    if (!(await readdir(folder)).includes(LIBRARY_FOLDER)) continue;
    const sentence = `${folder} holds stems that were written before, so nothing in it is separated.`;
    throw new PlainError(`${sentence} Name the folder of the songs, or remove ${join(folder, LIBRARY_FOLDER)}.`);
  }
}
