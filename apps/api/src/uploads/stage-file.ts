import { createHash, randomUUID } from 'node:crypto';
import { Transform, pipeline, type Readable } from 'node:stream';
import { objectKeys } from '@app/separations';
import type { ObjectStore } from '@app/storage';

export interface StagedFile {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  /** as the client named it: untrusted */
  readonly originalName: string;
}

/** Streams an uploaded file to `staging/<uuid>` and hashes it on the way; memory and disk hold only a few chunks. */
export async function stageFile(
  store: ObjectStore,
  source: Readable,
  originalName: string,
  signal: AbortSignal,
): Promise<StagedFile> {
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
  // an error of the source reaches us through `put`
  pipeline(source, meter, () => undefined);
  await store.put(key, meter, { signal });
  return { key, sha256: hash.digest('hex'), bytes, originalName };
}
