import { randomUUID } from 'node:crypto';
import { constants, createReadStream, type Dirent } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '@app/processes';
import { checkKey, checkListPrefix, checkPrefix } from '../object-key.js';
import { ObjectStore, type ByteRange, type CallOptions, type ObjectInfo } from '../object-store.js';
import { readDocument } from '../small-document.js';
import { withSource } from '../source.js';
import { InvalidRangeError, ObjectNotFoundError, UnreadableObjectError } from '../storage.errors.js';
import { writeAtomically } from './atomic-write.js';
import {
  CANNOT_LINK,
  fileStats,
  holdsFile,
  ifPresent,
  removeEmptyFolders,
  removeOlderThan,
  sortedEntries,
} from './files.js';
import { inFolder, mayBeOfOneFile } from './folder-failure.js';
import { StoreMarker } from './store-marker.js';
import type { StoreMemory } from './store-memory.js';

// keys cannot start with a dot, so this never holds objects
const UNFINISHED = '.unfinished';

/**
 * Stores objects as files below a root folder. Unlike S3, it cannot hold both `a` and `a/b`.
 * A file gets its final name when it is complete.
 */
export class FolderObjectStore extends ObjectStore {
  readonly #root: string;
  readonly #marker: StoreMarker;

  constructor(root: string, memory?: StoreMemory) {
    super();
    this.#root = resolve(root);
    this.#marker = new StoreMarker(this.#root, memory);
  }

  put(key: string, source: Readable, options: CallOptions = {}): Promise<ObjectInfo> {
    return withSource(source, () =>
      inFolder(options.signal, () => this.#write(key, (path) => fill(path, source, options.signal))),
    );
  }

  putFile(key: string, path: string, options: CallOptions = {}): Promise<ObjectInfo> {
    return inFolder(options.signal, () => this.#write(key, (temporary) => linkOrCopy(path, temporary, options.signal)));
  }

  putText(key: string, text: string, options: CallOptions = {}): Promise<void> {
    return inFolder(options.signal, async () => {
      await this.#write(key, async (path) => {
        await writeFile(path, text, { flag: 'wx' });
        return Buffer.byteLength(text);
      });
    });
  }

  get(key: string, options: CallOptions & { readonly range?: ByteRange } = {}): Promise<Readable> {
    return inFolder(options.signal, async () => {
      const { handle, bytes } = await this.#open(key);
      const { start, end } = options.range ?? { start: 0, end: Number.POSITIVE_INFINITY };
      if (options.range !== undefined && !(start >= 0 && start <= end && start < bytes)) {
        await handle.close();
        throw new InvalidRangeError(key);
      }
      // an empty object has no last byte
      const stream = handle.createReadStream(bytes === 0 ? {} : { start, end: Math.min(end, bytes - 1) });
      return options.signal === undefined ? stream : addAbortSignal(options.signal, stream);
    });
  }

  async getText(key: string, options: CallOptions = {}): Promise<string | undefined> {
    try {
      return await inFolder(options.signal, async () => readDocument(key, await this.get(key, options)));
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      if (!mayBeOfOneFile(error)) throw error;
      // throws if the disk itself is at fault
      await this.ping(options);
      throw new UnreadableObjectError(key, { cause: error });
    }
  }

  head(key: string, options: CallOptions = {}): Promise<ObjectInfo | undefined> {
    return inFolder(options.signal, async () => {
      const stats = await this.#found(fileStats(this.#path(key)));
      return stats && { key, bytes: stats.size, modifiedAt: stats.mtime };
    });
  }

  copy(from: string, to: string, options: CallOptions = {}): Promise<void> {
    return inFolder(options.signal, async () => {
      const source = this.#path(from);
      checkKey(to);
      const stats = await this.#found(fileStats(source));
      if (stats === undefined) throw new ObjectNotFoundError(from);
      await this.#write(to, async (path) => {
        await copyFile(source, path, constants.COPYFILE_FICLONE);
        return stats.size;
      });
    });
  }

  remove(key: string, options: CallOptions = {}): Promise<void> {
    return inFolder(options.signal, async () => {
      const path = this.#path(key);
      if ((await this.#found(fileStats(path))) === undefined) return;
      await rm(path, { force: true });
      await removeEmptyFolders(dirname(path), this.#root);
    });
  }

  removeAll(prefix: string, options: CallOptions = {}): Promise<void> {
    return inFolder(options.signal, async () => {
      checkPrefix(prefix);
      const folder = join(this.#root, prefix.slice(0, -1));
      await this.#marker.check();
      const trash = this.#temporary();
      await mkdir(dirname(trash), { recursive: true });
      // one rename: nobody sees a half-removed folder, and the sweep removes what a crash leaves behind
      const moved = await ifPresent(rename(folder, trash).then(() => true));
      if (moved !== true) return;
      await removeEmptyFolders(dirname(folder), this.#root);
      await rm(trash, { recursive: true, force: true });
    });
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<ObjectInfo> {
    checkListPrefix(prefix);
    for (const entry of await this.#entries(join(this.#root, prefix), options)) {
      if (entry.isDirectory()) yield* this.list(`${prefix}${entry.name}/`, options);
      const info = entry.isFile() ? await this.head(`${prefix}${entry.name}`, options) : undefined;
      if (info !== undefined) yield info;
    }
  }

  async *listFolders(prefix: string, options: CallOptions = {}): AsyncGenerator<string> {
    checkListPrefix(prefix);
    const folder = join(this.#root, prefix);
    for (const entry of await this.#entries(folder, options)) {
      if (entry.isDirectory() && (await inFolder(options.signal, () => holdsFile(join(folder, entry.name))))) {
        yield entry.name;
      }
    }
  }

  sweepUnfinished(olderThanMs: number, options: CallOptions = {}): Promise<number> {
    return inFolder(options.signal, async () => {
      await this.#marker.check();
      return removeOlderThan(join(this.#root, UNFINISHED), olderThanMs);
    });
  }

  /** Writes a file to the disk itself and removes it, because a full, broken or read-only one is unusable. */
  ping(options: CallOptions = {}): Promise<void> {
    return inFolder(options.signal, async () => {
      await this.#marker.compare();
      const path = this.#temporary();
      await mkdir(dirname(path), { recursive: true });
      try {
        await writeFile(path, 'ping', { flag: 'wx', flush: true });
      } finally {
        await rm(path, { force: true });
      }
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #path(key: string): string {
    checkKey(key);
    return join(this.#root, key);
  }

  #temporary(): string {
    return join(this.#root, UNFINISHED, randomUUID());
  }

  async #write(key: string, fill: (path: string) => Promise<number>): Promise<ObjectInfo> {
    const path = this.#path(key);
    await this.#marker.check();
    const { size, mtime } = await writeAtomically({ temporary: this.#temporary(), path, fill });
    // the disk may have gone meanwhile
    await this.#marker.check();
    return { key, bytes: size, modifiedAt: mtime };
  }

  #entries(folder: string, { signal }: CallOptions): Promise<Dirent[]> {
    return inFolder(signal, async () => {
      await this.#marker.check();
      return sortedEntries(folder);
    });
  }

  /** Believes that something does not exist only of the right store. */
  async #found<T>(search: Promise<T | undefined>): Promise<T | undefined> {
    const found = await search;
    if (found === undefined || !this.#marker.isKnown) await this.#marker.check();
    return found;
  }

  async #open(key: string): Promise<{ handle: FileHandle; bytes: number }> {
    const handle = await this.#found(ifPresent(open(this.#path(key), 'r')));
    if (handle === undefined) throw new ObjectNotFoundError(key);
    const stats = await handle.stat();
    if (stats.isFile()) return { handle, bytes: stats.size };
    await handle.close();
    throw new ObjectNotFoundError(key);
  }
}

/** @returns the length of the file */
async function linkOrCopy(path: string, temporary: string, signal: AbortSignal | undefined): Promise<number> {
  try {
    await link(path, temporary);
    return (await stat(temporary)).size;
  } catch (error) {
    if (!CANNOT_LINK.includes(errorCode(error) ?? '')) throw error;
    return fill(temporary, createReadStream(path), signal);
  }
}

/** @returns the number of bytes that the source had */
async function fill(path: string, source: Readable, signal: AbortSignal | undefined): Promise<number> {
  const handle = await open(path, 'wx');
  try {
    const target = handle.createWriteStream();
    await (signal === undefined ? pipeline(source, target) : pipeline(source, target, { signal }));
    return target.bytesWritten;
  } finally {
    // waits for a pending write: it must not land after the removal
    await handle.close();
  }
}
