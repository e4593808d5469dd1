import { hashFile, type FileDigest, type ObjectStore } from '@app/storage';
import { type TaskGroup, Semaphore } from '@app/concurrency';
import { objectKeys, type SeparationId } from '@app/separations';
import type { ProgressReporter } from './progress-reporter.js';
import type { EncodedStem } from './encode.step.js';
import type { EncodedOriginal } from './original.step.js';
import type { WrittenCover } from './tags.step.js';
import type { WaveformDocument } from './waveform.step.js';

const UPLOADS_AT_ONCE = 4;

type EncodedFile = EncodedStem | EncodedOriginal | WrittenCover;

type Stored<File> = File & FileDigest & { readonly key: string };

export type StoredStem = Stored<EncodedStem>;
export type StoredOriginal = Stored<EncodedOriginal>;
export type StoredCover = Stored<WrittenCover>;
export type StoredFile = StoredStem | StoredOriginal | StoredCover;

/**
 * Uploads each file to the store as soon as it is complete, under a key that holds its hash: a second run writes equal
 * files under equal keys, and never replaces a file of another run.
 */
export class ObjectUploads {
  private readonly permits = new Semaphore(UPLOADS_AT_ONCE);
  private readonly started: Promise<StoredFile>[] = [];
  private stored = 0;

  constructor(
    private readonly id: SeparationId,
    private readonly store: ObjectStore,
    private readonly group: TaskGroup,
  ) {}

  add(file: EncodedFile): void {
    const upload = this.group.start((signal) => this.permits.run(() => this.put(file, signal), signal));
    this.started.push(upload);
  }

  /** Uploads the waveform, and waits for all files. @throws StorageUnavailableError */
  async finish(waveform: WaveformDocument, progress: ProgressReporter): Promise<StoredFile[]> {
    const report = (): void => {
      progress.report('store', this.stored, this.started.length);
    };
    report();
    const uploads = this.started.map(async (upload) => {
      const file = await upload;
      report();
      return file;
    });
    const { signal } = this.group;
    const [files] = await Promise.all([
      Promise.all(uploads),
      this.store.putText(waveform.key, waveform.text, { signal }),
    ]);
    return files;
  }

  private async put(file: EncodedFile, signal: AbortSignal): Promise<StoredFile> {
    const digest = await hashFile(file.path, signal);
    const key = keyOf(this.id, file, digest);
    await this.store.putFile(key, file.path, { signal });
    this.stored += 1;
    return { ...file, ...digest, key };
  }
}

function keyOf(id: SeparationId, file: EncodedFile, { sha256 }: FileDigest): string {
  switch (file.kind) {
    case 'stem':
      return objectKeys.stem(id, file.stem, file.format, sha256);
    case 'original':
      return objectKeys.original(id, sha256);
    case 'cover':
      return objectKeys.cover(id, sha256);
  }
}
