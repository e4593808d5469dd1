import { hashFile, type FileDigest, type ObjectStore } from '@app/storage';
import { type TaskGroup, Semaphore } from '@app/concurrency';
import type { ProgressReporter } from './progress-reporter.js';
import type { EncodedFile } from './encode.step.js';
import type { WaveformDocument } from './waveform.step.js';

const UPLOADS_AT_ONCE = 4;

/** A file in the store, with its hash and length. */
export type StoredFile = EncodedFile & FileDigest;

/** Uploads each file to the store as soon as it is complete. A second run writes the same keys. */
export class ObjectUploads {
  private readonly permits = new Semaphore(UPLOADS_AT_ONCE);
  private readonly started: Promise<StoredFile>[] = [];
  private stored = 0;

  constructor(
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
    await this.store.putFile(file.key, file.path, { signal });
    this.stored += 1;
    return { ...file, ...digest };
  }
}
