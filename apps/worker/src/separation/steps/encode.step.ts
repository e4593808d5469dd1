import { join } from 'node:path';
import { MASTER_FORMAT, type Format, type StemName, type StoredRequest } from '@app/separations';
import { readFlacSamples, type Ffmpeg } from '@app/audio';
import { mapLimited, withTimeout } from '@app/concurrency';
import { dbToAmplitude } from './decibels.js';
import { WrongStemsError } from './separation.errors.js';
import type { StemFiles } from './stem-files.js';
import type { StepContext } from './step-context.js';

/** A complete file of a stem in the scratch folder. */
export interface EncodedStem {
  readonly kind: 'stem';
  readonly path: string;
  readonly stem: StemName;
  readonly format: Format;
}

/**
 * for an engine that is faster than the encoders: they read a complete stem from its file, know its gain, and are not
 * fed by us. That saves 0.2 s of the worker's CPU time for a song of 240 s. A song alone on idle cores may end later, by
 * the time that one stem takes; on two cores, it took 4 s either way
 */
const HEAD_START_MS = 2000;

/**
 * Encodes the master and the wanted formats of all stems, while they grow or once they are complete if that is soon.
 * Reports each complete file.
 * Restarts all of them when the gain changes: encoding is much faster than separating, and the engine sends the last
 * gain before the last samples.
 */
export async function encodeStems(
  ffmpeg: Ffmpeg,
  { formats }: Pick<StoredRequest, 'formats'>,
  stems: StemFiles,
  step: Pick<StepContext, 'scratch' | 'signal'>,
  onEncoded: (file: EncodedStem) => void,
): Promise<void> {
  const wanted = [...new Set<Format>([MASTER_FORMAT, ...formats])];
  await stems.written.waitBeyond(0, step.signal);
  await untilComplete(stems, step.signal);
  for (let isDone = false; !isDone;) {
    const { gainChanged, gainDb, written } = stems;
    const gain = dbToAmplitude(gainDb);
    const signal = AbortSignal.any([step.signal, gainChanged]);
    const encoding = mapLimited(stems.names, stems.names.length, signal, async (stem, either) => {
      const files = wanted.map((format) => fileOf(stem, format, step.scratch));
      const destinations = Object.fromEntries(files.map(({ format, path }) => [format, path]));
      await ffmpeg.encode({ wavPath: stems.pathOf(stem), gain, destinations }, { written, signal: either });
      for (const file of files) {
        if (file.format === MASTER_FORMAT) await checkMaster(file.path, written.total);
        onEncoded(file);
      }
    });
    isDone = await encoding.then(
      () => true,
      (error: unknown) => {
        if (step.signal.aborted || !gainChanged.aborted) throw error;
        return false;
      },
    );
  }
}

/** Waits a moment for a fast engine. */
async function untilComplete({ written }: StemFiles, signal: AbortSignal): Promise<void> {
  const complete = (either: AbortSignal): Promise<number> => written.waitBeyond(written.total - 1, either);
  await withTimeout(HEAD_START_MS, complete, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

function fileOf(stem: StemName, format: Format, scratch: string): EncodedStem {
  return { kind: 'stem', path: join(scratch, `${stem}.${format}`), stem, format };
}

async function checkMaster(path: string, samples: number): Promise<void> {
  const encoded = await readFlacSamples(path);
  if (encoded !== samples) throw new WrongStemsError(`a master has ${encoded} samples, but the song has ${samples}`);
}
