import { join } from 'node:path';
import { MASTER_FORMAT, objectKeys, type Format, type StemName, type StoredRequest } from '@app/separations';
import { readFlacSamples, type Ffmpeg } from '@app/audio';
import { mapLimited } from '@app/concurrency';
import type { GrowingStems } from '../growing-stems.js';
import { WrongStemsError } from '../separation.errors.js';
import { toAmplitude } from '../sound.js';
import type { StepContext } from './step-context.js';

/** A file in the scratch folder that is to be stored under the key. */
export interface EncodedFile {
  readonly key: string;
  readonly path: string;
  readonly stem: StemName;
  readonly format: Format;
}

/**
 * Encodes the master and every wanted format of all stems while they grow, and tells of each file when it is complete.
 * Where a sample comes that the gain does not hold, all begin again with the next one: encoding is much faster than
 * separating, and the last gain is known before the last samples are.
 */
export async function encodeStems(
  ffmpeg: Ffmpeg,
  { id, formats }: Pick<StoredRequest, 'id' | 'formats'>,
  stems: GrowingStems,
  step: Pick<StepContext, 'scratch' | 'signal'>,
  onEncoded: (file: EncodedFile) => void,
): Promise<void> {
  const wanted = [...new Set<Format>([MASTER_FORMAT, ...formats])];
  // no encoder waits for the engine
  await stems.growth.beyond(0, step.signal);
  for (let isDone = false; !isDone;) {
    const { gainHolds, gainDb } = stems;
    const gain = toAmplitude(gainDb);
    const signal = AbortSignal.any([step.signal, gainHolds]);
    const encoding = mapLimited(stems.names, stems.names.length, signal, async (stem, either) => {
      const files = wanted.map((format) => fileOf(id, stem, format, step.scratch));
      const destinations = Object.fromEntries(files.map(({ format, path }) => [format, path]));
      const { growth } = stems;
      await ffmpeg.encode({ wavPath: stems.pathOf(stem), gain, destinations }, { growth, signal: either });
      for (const file of files) {
        if (file.format === MASTER_FORMAT) await checkMaster(file.path, growth.total);
        onEncoded(file);
      }
    });
    isDone = await encoding.then(
      () => true,
      (error: unknown) => {
        if (step.signal.aborted || !gainHolds.aborted) throw error;
        return false;
      },
    );
  }
}

function fileOf(id: StoredRequest['id'], stem: StemName, format: Format, scratch: string): EncodedFile {
  return { key: objectKeys.stem(id, stem, format), path: join(scratch, `${stem}.${format}`), stem, format };
}

async function checkMaster(path: string, samples: number): Promise<void> {
  const written = await readFlacSamples(path);
  if (written !== samples) throw new WrongStemsError(`a master has ${written} samples and the song has ${samples}`);
}
