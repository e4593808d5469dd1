import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@app/processes';
import { StorageUnavailableError } from '../storage.errors.js';
import { CANNOT_LINK, ifPresent } from './files.js';

// keys cannot start with a dot, so this is never an object
const NAME = '.store';

/**
 * A file in the root that says which store this is. A disk that was unmounted leaves an empty folder in its place:
 * what is written there is lost, and what was stored seems never to have existed.
 */
export class StoreMarker {
  private id: Promise<string> | undefined;
  private readonly path: string;

  constructor(private readonly root: string) {
    this.path = join(root, NAME);
  }

  /** Whether this process has seen it. */
  get isKnown(): boolean {
    return this.id !== undefined;
  }

  /**
   * The first call makes the marker where there is none.
   * @throws StorageUnavailableError if the marker that this process saw first is not there now
   */
  async check(): Promise<void> {
    this.id ??= this.firstSeen().catch((error: unknown) => {
      this.id = undefined;
      throw error;
    });
    const expected = await this.id;
    const found = await this.read();
    if (found !== expected)
      throw new StorageUnavailableError('its folder is not the one of before: is the disk mounted?');
  }

  private async firstSeen(): Promise<string> {
    return (await this.read()) ?? (await this.make());
  }

  /** Makes it whole or not at all: another process may make it at the same time. */
  private async make(): Promise<string> {
    const id = randomUUID();
    const temporary = join(this.root, `${NAME}-${id}`);
    await mkdir(this.root, { recursive: true });
    try {
      await writeSynced(temporary, id);
      await link(temporary, this.path).catch((error: unknown) => this.withoutLink(error, temporary));
      return (await this.read()) ?? id;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  private async withoutLink(error: unknown, temporary: string): Promise<void> {
    const code = errorCode(error) ?? '';
    if (CANNOT_LINK.includes(code)) await rename(temporary, this.path);
    else if (code !== 'EEXIST') throw error;
  }

  private read(): Promise<string | undefined> {
    return ifPresent(readFile(this.path, 'utf8'));
  }
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
