import { readFileSync, statSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { ApiKeys, ApiKeysError } from './api-keys.js';

/** how often the file is looked at, ms: a key that was taken away works no longer than this */
const LOOK_EVERY_MS = 1000;

/** The keys as the file has them now; none are needed where no file is set. */
export class KeyRing {
  private readonly logger = new Logger('access');
  private keys: ApiKeys | undefined;
  private version = '';
  private lookedAt = performance.now();

  /** @throws ApiKeysError where the file is missing or wrong: a server that asks for no keys by mistake must not start */
  constructor(private readonly file: string | undefined) {
    if (this.file === undefined) return;
    this.version = versionOf(this.file);
    this.keys = read(this.file);
  }

  get needed(): boolean {
    return this.file !== undefined;
  }

  nameOf(key: string): string | undefined {
    this.look();
    return this.keys?.nameOf(key);
  }

  /** a file that became unreadable leaves the last good keys, and says so once */
  private look(): void {
    if (this.file === undefined || performance.now() - this.lookedAt < LOOK_EVERY_MS) return;
    this.lookedAt = performance.now();
    const version = versionOf(this.file);
    if (version === this.version) return;
    this.version = version;
    try {
      this.keys = read(this.file);
      this.logger.log('the API keys were read again');
    } catch (error) {
      this.logger.error(
        `${error instanceof Error ? error.message : String(error)}; the keys read before stay in force`,
      );
    }
  }
}

/** mounted secrets change by a new link, so the inode counts as well */
function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}

function read(file: string): ApiKeys {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ApiKeysError('it cannot be read', { cause: error });
  }
  return ApiKeys.parse(text);
}
