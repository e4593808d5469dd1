import { hashFile, type FileDigest, type ObjectStore } from '@app/storage';
import { type TaskGroup, Semaphore } from '@app/concurrency';
import type { ProgressMeter } from '../progress-meter.js';
import type { EncodedFile } from './encode.step.js';
import type { WaveformDocument } from './waveform.step.js';

const UPLOADS_AT_ONCE = 4;

/** A file that lies in the store, with its hash and length. */
export type StoredFile = EncodedFile & FileDigest;

/** Stores everything but the manifest, each file as soon as it is complete; a second run writes the same keys. */
export class Uploads {
  private readonly permits = new Semaphore(UPLOADS_AT_ONCE);
  private readonly begun: Promise<StoredFile>[] = [];
  private stored = 0;

  constructor(
    private readonly store: ObjectStore,
    private readonly group: TaskGroup,
  ) {}

  add(file: EncodedFile): void {
    const upload = this.group.start((signal) => this.permits.run(() => this.put(file, signal), signal));
    this.begun.push(upload);
  }

  /** Waits for all that was added, and stores the waveform. @throws StorageUnavailableError */
  async finish(waveform: WaveformDocument, progress: ProgressMeter): Promise<StoredFile[]> {
    const tell = (): void => {
      progress.measured('store', this.stored, this.begun.length);
    };
    tell();
    const uploads = this.begun.map(async (upload) => {
      const file = await upload;
      tell();
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
