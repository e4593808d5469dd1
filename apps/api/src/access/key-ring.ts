import { readFileSync, statSync, type Stats } from 'node:fs';
import { Logger } from '@nestjs/common';
import { hasExpired, type AccessKey } from '../context/access-key.js';
import { ApiKeys, ApiKeysError } from './api-keys.js';
import { keyNameOf } from './client.js';

interface Timing {
  /** how often the file is looked at; a removed key works until the second look */
  readonly checkEveryMs: number;
  /** a file that nobody touched for this long is whole */
  readonly restMs: number;
  /** how long the keys of a lost file still work: editors and mounts may replace a file in two steps */
  readonly graceMs: number;
}

const TIMING: Timing = { checkEveryMs: 1000, restMs: 1000, graceMs: 10_000 };

/** The current keys of API_KEYS_FILE, reloaded when it changes. Without a file, no key is needed. */
export class KeyRing {
  private readonly logger = new Logger('access');
  private keys = ApiKeys.none;
  private version: string | undefined;
  /** its text at the last look */
  private seen: string | undefined;
  private checkedAt: number;
  /** why the file cannot be read, and since when */
  private lost: { readonly reason: string; readonly since: number } | undefined;

  /** @throws ApiKeysError for a file that cannot be read: a server must not start open by mistake */
  constructor(
    private readonly file: string | undefined,
    private readonly timing: Timing = TIMING,
  ) {
    this.checkedAt = performance.now();
    if (this.file === undefined) return;
    this.version = versionOf(statOf(this.file));
    this.seen = read(this.file);
    this.take(ApiKeys.parse(this.seen));
  }

  get needed(): boolean {
    return this.file !== undefined;
  }

  get count(): number {
    this.reloadIfChanged();
    return this.keys.count;
  }

  /** What is wrong with the file, in one sentence without its text. */
  get problem(): string | undefined {
    this.reloadIfChanged();
    return this.lost?.reason ?? this.keys.problem;
  }

  /** Whether the file can be read. One wrong line shuts out nobody else. */
  get isReadable(): boolean {
    this.reloadIfChanged();
    return this.lost === undefined;
  }

  /** Also finds one that has expired. */
  find(key: string): AccessKey | undefined {
    this.reloadIfChanged();
    return this.keys.find(key);
  }

  /** of a valid key; undefined for others */
  nameOf(key: string): string | undefined {
    const found = this.find(key);
    return found === undefined || hasExpired(found) ? undefined : found.name;
  }

  /** Whether a valid key owns what is of this owner. Also true without keys, and while the file cannot be read. */
  hasOwner(owner: string | null): boolean {
    return !this.needed || !this.isReadable || this.keys.hasOwner(owner);
  }

  /** @param client see `TurnTakers` */
  weightOf(client: string): number {
    this.reloadIfChanged();
    const name = keyNameOf(client);
    return name === undefined ? 1 : this.keys.weightOf(name);
  }

  private reloadIfChanged(): void {
    if (this.file === undefined || performance.now() - this.checkedAt < this.timing.checkEveryMs) return;
    this.checkedAt = performance.now();
    try {
      const facts = statOf(this.file);
      const version = versionOf(facts);
      if (version === this.version) return;
      const text = read(this.file);
      this.lost = undefined;
      // it may be half written: a line without its options is a stronger key
      const isWhole = text === this.seen || Date.now() - facts.mtimeMs > this.timing.restMs;
      this.seen = text;
      if (!isWhole) return;
      this.version = version;
      this.take(ApiKeys.parse(text));
    } catch (error) {
      this.lose(error instanceof Error ? error.message : String(error));
    }
  }

  private take(keys: ApiKeys): void {
    this.keys = keys;
    if (keys.problem !== undefined) this.logger.error(`${keys.problem}; the other lines count`);
    if (keys.count === 0) this.logger.warn('API_KEYS_FILE has no keys: nobody can use this server');
    else this.logger.log(`keys in API_KEYS_FILE: ${keys.count}`);
  }

  private lose(reason: string): void {
    if (this.lost === undefined) {
      this.logger.error(`${reason}; its keys work for ${this.timing.graceMs / 1000} s more`);
      this.lost = { reason, since: performance.now() };
    }
    // also when a file with the former version comes back
    this.version = undefined;
    if (performance.now() - this.lost.since >= this.timing.graceMs) this.keys = ApiKeys.none;
  }
}

/** mounted secrets change by a new symlink, so the inode counts as well */
function versionOf({ ino, mtimeMs, size }: Stats): string {
  return `${ino}:${mtimeMs}:${size}`;
}

function statOf(file: string): Stats {
  try {
    return statSync(file);
  } catch (error) {
    throw unreadable(error);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(cause: unknown): ApiKeysError {
  return new ApiKeysError('the file cannot be read', { cause });
}
