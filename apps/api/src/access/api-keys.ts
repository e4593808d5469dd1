import { createHash, timingSafeEqual } from 'node:crypto';

/** The keys of API_KEYS_FILE, as sha256 digests. */
export class ApiKeys {
  private constructor(private readonly entries: readonly { readonly name: string; readonly digest: Buffer }[]) {}

  /**
   * Parses lines `name:sha256hex`. Skips empty lines and comments (#).
   * @throws ApiKeysError with the line's number, but not its text
   */
  static parse(text: string): ApiKeys {
    const entries = text.split(/\r?\n/).flatMap((line, index) => {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) return [];
      const match = /^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})$/.exec(trimmed);
      if (match === null) throw new ApiKeysError(`line ${index + 1} is not of the form name:sha256hex`);
      const [, name = '', hex = ''] = match;
      return [{ name, digest: Buffer.from(hex, 'hex') }];
    });
    if (entries.length === 0) throw new ApiKeysError('the file has no keys');
    return new ApiKeys(entries);
  }

  /** Returns the key's name, or undefined. Compares with every entry, in constant time. */
  nameOf(key: string): string | undefined {
    const digest = createHash('sha256').update(key).digest();
    let found: string | undefined;
    for (const entry of this.entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.name;
    }
    return found;
  }
}

/** API_KEYS_FILE cannot be used: fatal at startup, logged on a reload. */
export class ApiKeysError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`API_KEYS_FILE cannot be used: ${reason}`, options);
  }
}
