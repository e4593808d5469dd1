import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode } from '@app/processes';
import { StorageUnavailableError, WrongStoreError } from '../storage.errors.js';
import { CANNOT_LINK, ifPresent } from './files.js';
import type { StoreMemory } from './store-memory.js';

// keys cannot start with a dot, so this is never an object
const NAME = '.store';
const ID = /^[0-9a-f-]{36}$/;
/** how long another process may take to write it where it cannot be linked, ms */
const WRITTEN_WITHIN_MS = 1000;
const POLL_MS = 20;

/**
 * A file in the root that says which store this is. A disk that was unmounted leaves an empty folder in its place:
 * what is written there is lost, and what was stored seems never to have existed.
 */
export class StoreMarker {
  private id: Promise<string> | undefined;
  private readonly path: string;

  /** @param memory undefined for a script or a spec, which starts with whatever is there */
  constructor(
    private readonly root: string,
    private readonly memory?: StoreMemory,
  ) {
    this.path = join(root, NAME);
  }

  /** Whether this process has seen it. */
  get isKnown(): boolean {
    return this.id !== undefined;
  }

  /**
   * The first call makes the marker where there is none and none is remembered.
   * @throws StorageUnavailableError if the marker that this process saw first is not there now; WrongStoreError if
   * Redis remembers another one
   */
  async check(): Promise<void> {
    const expected = await this.expected();
    if ((await this.read()) !== expected) throw notTheOneOfBefore();
  }

  /** Also compares the marker with what is remembered. A Redis that was wiped learns it again. */
  async compare(): Promise<void> {
    const expected = await this.expected();
    // not while another disk is there, with which an operator may want to go on
    const found = await this.read();
    if (found !== undefined && found !== expected) throw notTheOneOfBefore();
    await this.agree(expected);
    if (found === undefined) throw notTheOneOfBefore();
  }

  private expected(): Promise<string> {
    this.id ??= this.firstSeen().catch((error: unknown) => {
      this.id = undefined;
      throw error;
    });
    return this.id;
  }

  private async firstSeen(): Promise<string> {
    const found = await this.read();
    if (found === undefined && (await this.memory?.recall()) !== undefined) throw this.wrongStore('nothing of');
    const id = found ?? (await this.make());
    await this.agree(id);
    return id;
  }

  /** @throws WrongStoreError if Redis remembers another store; the next call reads the folder again */
  private async agree(id: string): Promise<void> {
    const known = await this.memory?.remember(id);
    if (known === undefined || known === id) return;
    this.id = undefined;
    throw this.wrongStore('another store than');
  }

  private wrongStore(found: string): WrongStoreError {
    return new WrongStoreError(
      `its folder holds ${found} the store that Redis remembers: mount the disk of that store, or stop the services and remove the key ${this.memory?.key ?? ''} from Redis to go on with this folder`,
    );
  }

  /** Makes it whole or not at all: another process may make it at the same time. */
  private async make(): Promise<string> {
    const id = randomUUID();
    const temporary = join(this.root, `${NAME}-${id}`);
    await mkdir(this.root, { recursive: true });
    try {
      await writeSynced(temporary, id);
      await link(temporary, this.path).catch(async (error: unknown) => {
        if (CANNOT_LINK.includes(errorCode(error) ?? '')) await writeSynced(this.path, id).catch(unlessMade);
        else unlessMade(error);
      });
      return (await this.read()) ?? id;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Waits for a marker that is being written: where it could not be linked, it is there before it is whole. */
  private async read(): Promise<string | undefined> {
    const deadline = performance.now() + WRITTEN_WITHIN_MS;
    for (;;) {
      const id = await ifPresent(readFile(this.path, 'utf8'));
      if (id === undefined || ID.test(id)) return id;
      if (performance.now() > deadline) throw new StorageUnavailableError(`its marker ${NAME} is damaged: remove it`);
      await pause(POLL_MS);
    }
  }
}

function notTheOneOfBefore(): StorageUnavailableError {
  return new StorageUnavailableError('its folder is not the one of before: is the disk mounted?');
}

/** another process was first */
function unlessMade(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
