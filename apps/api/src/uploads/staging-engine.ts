import { createHash, randomUUID } from 'node:crypto';
import { Transform, pipeline, type Readable } from 'node:stream';
import type { Request } from 'express';
import { MulterError, type StorageEngine } from 'multer';
import { objectKeys } from '@app/separations';
import type { ObjectStore } from '@app/storage';

export interface StagedFile {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  /** as the client named it: attacker's text */
  readonly originalName: string;
}

/** Streams the file of one upload to `staging/<uuid>` while it is hashed; nothing of it stays in memory or on the disk. */
export class StagingEngine implements StorageEngine {
  /** the file, once its last byte is stored */
  staged: StagedFile | undefined;

  /** rejects at once when storing fails: the parser tells only after the client has sent everything */
  readonly failure: Promise<never>;
  private fail: (error: unknown) => void = () => undefined;
  private work: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: ObjectStore,
    private readonly signal: AbortSignal,
  ) {
    this.failure = new Promise((_, reject) => {
      this.fail = reject;
    });
    // without a listener of its own a failure after the end of the upload would end the process
    this.failure.catch(() => undefined);
  }

  /** What lies in the store when no write is under way any more. */
  async settled(): Promise<StagedFile | undefined> {
    await this.work;
    return this.staged;
  }

  _handleFile(
    _request: Request,
    file: Express.Multer.File,
    callback: (error?: unknown, info?: Partial<Express.Multer.File>) => void,
  ): void {
    this.work = this.stage(file.stream, file.originalname).then(
      ({ key, bytes }) => {
        callback(null, { path: key, size: bytes });
      },
      (error: unknown) => {
        this.fail(error);
        callback(error);
      },
    );
  }

  /** for a file that was stored before another part of the upload turned out wrong */
  _removeFile(_request: Request, _file: Express.Multer.File, callback: (error: Error | null) => void): void {
    // the receiver removes what was staged, whatever went wrong
    callback(null);
  }

  private async stage(source: Readable, originalName: string): Promise<StagedFile> {
    const key = objectKeys.staging(randomUUID());
    const hash = createHash('sha256');
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    // the parser only cuts the file at the limit; as an error it ends the store's upload as well
    source.once('limit', () => meter.destroy(new MulterError('LIMIT_FILE_SIZE', 'file')));
    pipeline(source, meter, () => undefined);
    await this.store.put(key, meter, { signal: this.signal });
    this.staged = { key, sha256: hash.digest('hex'), bytes, originalName };
    return this.staged;
  }
}
