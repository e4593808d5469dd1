import { createHash, timingSafeEqual } from 'node:crypto';
import { hasExpired, parseKeyOptions, type AccessKey } from '../context/access-key.js';

/** A key of this name owns what was separated without keys. No other name has an `@`. */
const UNOWNED = '@unowned';

interface Entry {
  readonly key: AccessKey;
  readonly digest: Buffer;
}

/** The keys of API_KEYS_FILE, as sha256 digests. */
export class ApiKeys {
  static readonly none = new ApiKeys([], []);

  private constructor(
    private readonly entries: readonly Entry[],
    private readonly wrongLines: readonly number[],
  ) {}

  /**
   * Parses lines `name:sha256hex`, which options may follow. Skips empty lines and comments (#). A line of another form is no key, and does not
   * keep others out: neither a new key below it, nor the removal of an old one.
   */
  static parse(text: string): ApiKeys {
    const entries: Entry[] = [];
    const wrongLines: number[] = [];
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const [, name, hex, options = ''] =
        /^(@unowned|[A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})(?:[ \t]+(.*))?$/.exec(trimmed) ?? [];
      const key = name === undefined ? undefined : parseKeyOptions(name, options);
      if (key === undefined || hex === undefined) wrongLines.push(index + 1);
      else entries.push({ key, digest: Buffer.from(hex, 'hex') });
    }
    return new ApiKeys(entries, wrongLines);
  }

  /** those that have not expired */
  get count(): number {
    return this.valid.length;
  }

  /** Names the first wrong line, but not its text: it may hold a key. */
  get problem(): string | undefined {
    const [first] = this.wrongLines;
    if (first === undefined) return undefined;
    const more = this.wrongLines.length === 1 ? '' : `, nor are ${this.wrongLines.length - 1} others`;
    return `API_KEYS_FILE: line ${first} is not of the form name:sha256hex [options]${more}`;
  }

  /** Also finds one that has expired. Compares with every entry, in constant time. */
  find(key: string): AccessKey | undefined {
    const digest = createHash('sha256').update(key).digest();
    let found: AccessKey | undefined;
    for (const entry of this.entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.key;
    }
    return found;
  }

  /** the highest of the keys with this name; 1 if there is none */
  weightOf(name: string): number {
    return this.valid.reduce((most, key) => (key.name === name ? Math.max(most, key.weight) : most), 1);
  }

  hasOwner(owner: string | null): boolean {
    return this.valid.some(({ name }) => ownerOfKey(name) === owner);
  }

  private get valid(): AccessKey[] {
    return this.entries.map(({ key }) => key).filter((key) => !hasExpired(key));
  }
}

/** The owner of what a key makes and may see; null for separations without an owner. */
export function ownerOfKey(name: string): string | null {
  return name === UNOWNED ? null : name;
}

/** API_KEYS_FILE cannot be used: fatal at startup, logged later. */
export class ApiKeysError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`API_KEYS_FILE cannot be used: ${reason}`, options);
  }
}
