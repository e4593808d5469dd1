import { readFileSync, statSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { ApiKeys, ApiKeysError } from './api-keys.js';

/** how long a removed key still works at most */
const CHECK_EVERY_MS = 1000;

/** The current keys of API_KEYS_FILE, reloaded when it changes. Without a file, no key is needed. */
export class KeyRing {
  private readonly logger = new Logger('access');
  private keys: ApiKeys | undefined;
  private version = '';
  private checkedAt = performance.now();

  /** @throws ApiKeysError for a missing or invalid file: a server must not start open by mistake */
  constructor(private readonly file: string | undefined) {
    if (this.file === undefined) return;
    this.version = versionOf(this.file);
    this.keys = read(this.file);
  }

  get needed(): boolean {
    return this.file !== undefined;
  }

  nameOf(key: string): string | undefined {
    this.reloadIfChanged();
    return this.keys?.nameOf(key);
  }

  /** Keeps the last good keys when the file became invalid, and logs it once. */
  private reloadIfChanged(): void {
    if (this.file === undefined || performance.now() - this.checkedAt < CHECK_EVERY_MS) return;
    this.checkedAt = performance.now();
    const version = versionOf(this.file);
    if (version === this.version) return;
    this.version = version;
    try {
      this.keys = read(this.file);
      this.logger.log('the API keys were reloaded');
    } catch (error) {
      this.logger.error(`${error instanceof Error ? error.message : String(error)}; the previous keys stay valid`);
    }
  }
}

/** mounted secrets change by a new symlink, so the inode counts as well */
function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}

function read(file: string): ApiKeys {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ApiKeysError('the file cannot be read', { cause: error });
  }
  return ApiKeys.parse(text);
}
