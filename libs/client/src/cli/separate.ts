import { mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join, resolve, sep } from 'node:path';
import { SeparationClient } from '../separation-client.js';
import { EXIT, PlainError, type ExitCode } from './exit-codes.js';
import { LIBRARY_FOLDER } from './library-folder.js';
import { Library } from './library/library.js';
import { Patience } from './patience.js';
import { JsonReporter } from './report/json-reporter.js';
import { OnceReporter } from './report/once-reporter.js';
import type { Reporter } from './report/song-event.js';
import { TextReporter } from './report/text-reporter.js';
import { runAll } from './run-all.js';
import type { Settings } from './settings.js';
import { SongRun } from './song-run.js';
import { scan, type SongPath } from './songs/scan.js';
import { FolderWatch } from './watch.js';

/** What the command line names. */
interface Sources {
  readonly songs: readonly SongPath[];
  readonly folders: readonly string[];
}

/**
 * Separates what the command line names, and with `watch` what appears in its folders until the signal aborts.
 * @throws PlainError for what the user can mend, the signal's reason after an abort
 */
export async function separate(settings: Settings, stop: AbortSignal): Promise<ExitCode> {
  const sources = await sourcesOf(settings);
  const isSingle = sources.songs.length === 1 && sources.folders.length === 0;
  const root = resolve(settings.out ?? defaultOut(sources, isSingle));
  const folders = await Promise.all(sources.folders.map((folder) => realpath(folder)));
  if (folders.length > 0) {
    await mkdir(root, { recursive: true });
    await mustBeApart(await realpath(root), folders);
    await mustHoldSongs(folders);
  }
  const library = await Library.open(root);
  // before the first look at a folder of songs: it may hold this one
  if (folders.length > 0) await library.prepare();

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
    patience: settings.watch ? Patience.forWatch() : Patience.forRun(),
    signal,
    folderOf: (song) => (isSingle ? '' : library.claimFolder(song)),
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
    await runAll(allOf({ ...sources, folders }, onUnreadable), run, atOnce);
  } catch (error) {
    ended.abort(error);
    throw error;
  } finally {
    reporter.end(run.end);
  }
  return run.end.failed > 0 ? EXIT.songFailed : EXIT.done;
}

async function sourcesOf({ paths, watch }: Settings): Promise<Sources> {
  const songs: SongPath[] = [];
  const folders: string[] = [];
  for (const path of paths.map((one) => resolve(one))) {
    if (await isFolder(path)) folders.push(path);
    else songs.push({ path, name: basename(path) });
  }
  if (watch && songs.length > 0) throw new PlainError(`--watch needs folders, and ${songs[0]?.path ?? ''} is a file.`);
  return { songs, folders };
}

function defaultOut({ songs, folders }: Sources, isSingle: boolean): string {
  if (isSingle) return songs.map(({ name }) => basename(name, extname(name))).join();
  return songs.length === 0 && folders.length === 1 ? `${basename(folders.join())}-stems` : 'stems';
}

async function* allOf(
  { songs, folders }: Sources,
  onUnreadable: (path: string, error: Error) => void,
): AsyncGenerator<SongPath> {
  yield* songs;
  for (const folder of folders) yield* scan(folder, onUnreadable);
}

/** @throws PlainError if there is nothing */
async function isFolder(path: string): Promise<boolean> {
  const facts = await stat(path).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new PlainError(code === 'ENOENT' ? `There is no file ${path}.` : message);
  });
  return facts.isDirectory();
}

/** A folder of songs may hold the folder of stems, but not the other way round: stems would lie among the songs. */
async function mustBeApart(root: string, folders: readonly string[]): Promise<void> {
  const out = await stat(root);
  for (const folder of folders) {
    const { dev, ino } = await stat(folder);
    // two mounts may lead to one folder
    const isSame = dev === out.dev && ino === out.ino;
    if (!isSame && !folder.startsWith(root + sep)) continue;
    throw new PlainError(`The stems would be taken for songs: choose another folder than ${folder} with --out.`);
  }
}

async function mustHoldSongs(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    if (!(await readdir(folder)).includes(LIBRARY_FOLDER)) continue;
    const sentence = `${folder} holds stems that were written before, so nothing in it is separated.`;
    throw new PlainError(`${sentence} Name the folder of the songs, or remove ${join(folder, LIBRARY_FOLDER)}.`);
  }
}
