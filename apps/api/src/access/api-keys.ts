import { createHash, timingSafeEqual } from 'node:crypto';

/** The keys of API_KEYS_FILE: for each the sha256 of its text, never the text. */
export class ApiKeys {
  private constructor(private readonly entries: readonly { readonly name: string; readonly digest: Buffer }[]) {}

  /**
   * Lines `name:sha256hex`; empty lines and those that begin with # are skipped.
   * @throws ApiKeysError that names the line, and shows nothing of it.
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
    if (entries.length === 0) throw new ApiKeysError('it holds no key');
    return new ApiKeys(entries);
  }

  /** The name of the key, or undefined. Looks at every entry and compares in constant time. */
  nameOf(key: string): string | undefined {
    const digest = createHash('sha256').update(key).digest();
    let found: string | undefined;
    for (const entry of this.entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.name;
    }
    return found;
  }
}

/** The file of keys cannot be used: ends the start, and is logged when it happens later. */
export class ApiKeysError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`API_KEYS_FILE cannot be used: ${reason}`, options);
  }
}
