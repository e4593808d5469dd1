import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { hashFile, type Ffmpeg, type FileDigest } from '@app/audio';
import { MASTER_FORMAT, objectKeys, type Format, type SeparationId, type StoredRequest } from '@app/separations';
import type { EngineResult, EngineStem } from '../../engine/protocol.js';
import { forEachLimited } from '../for-each-limited.js';
import { readFlacSamples } from '../flac-samples.js';
import { WrongStemsError } from '../separation.errors.js';
import type { StepContext } from './step-context.js';

/** A file in the scratch folder that is to be stored under the key. */
export interface EncodedFile extends FileDigest {
  readonly key: string;
  readonly path: string;
  readonly stem: EngineStem;
  readonly format: Format;
}

interface Encoding {
  readonly stem: EngineStem;
  readonly format: Format;
}

/** Encodes the master and every wanted format of all stems, as many at once as there are cores. */
export async function encodeStems(
  ffmpeg: Ffmpeg,
  request: StoredRequest,
  separated: EngineResult,
  step: StepContext,
): Promise<EncodedFile[]> {
  step.progress.measured('encode', 0, 1);
  const encodings = listEncodings(separated.stems, request.formats);
  let done = 0;
  return forEachLimited(encodings, availableParallelism(), step.signal, async ({ stem, format }, signal) => {
    const path = join(step.scratch, `${stem.name}.${format}`);
    await ffmpeg.encode({ wavPath: stem.path, gain: separated.gain, format }, path, { signal });
    if (format === MASTER_FORMAT) await checkMaster(path, separated.samples);
    const file = { ...(await hashFile(path, signal)), key: stemKey(request.id, stem, format), path, stem, format };
    done += 1;
    step.progress.measured('encode', done, encodings.length);
    return file;
  });
}

// the slow formats first: short work at the end fills the cores
function listEncodings(stems: readonly EngineStem[], formats: readonly Format[]): Encoding[] {
  const others = new Set(formats.filter((format) => format !== MASTER_FORMAT));
  const inOrder: readonly Format[] = [...others, MASTER_FORMAT];
  return inOrder.flatMap((format) => stems.map((stem) => ({ stem, format })));
}

function stemKey(id: SeparationId, stem: EngineStem, format: Format): string {
  return objectKeys.stem(id, stem.name, format);
}

async function checkMaster(path: string, samples: number): Promise<void> {
  const written = await readFlacSamples(path);
  if (written !== samples) throw new WrongStemsError(`a master has ${written} samples and the song has ${samples}`);
}
