import { createReadStream } from 'node:fs';
import type { ObjectStore } from '@app/storage';
import { forEachLimited } from '../for-each-limited.js';
import type { EncodedFile } from './encode.step.js';
import type { StepContext } from './step-context.js';
import type { WaveformDocument } from './waveform.step.js';

const UPLOADS_AT_ONCE = 4;

/** Stores everything but the manifest; a second run writes the same keys. @throws StorageUnavailableError */
export async function storeFiles(
  store: ObjectStore,
  files: readonly EncodedFile[],
  waveform: WaveformDocument,
  step: StepContext,
): Promise<void> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  let stored = 0;
  step.progress.measured('store', 0, total);
  await forEachLimited(files, UPLOADS_AT_ONCE, step.signal, async (file, signal) => {
    await store.put(file.key, createReadStream(file.path), { signal });
    stored += file.bytes;
    step.progress.measured('store', stored, total);
  });
  await store.putText(waveform.key, waveform.text, { signal: step.signal });
}
