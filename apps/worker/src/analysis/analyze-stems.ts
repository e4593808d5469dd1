import type { EngineConfig } from '@app/config';
import { runProcess } from '@app/processes';
import { parseAnalysis, type Analysis } from '@app/separations';
import type { FetchedStems } from './fetch-stems.js';

/** far more than the longest song takes on a slow machine */
const TIMEOUT_MS = 3_600_000;

/** the linear algebra of NumPy would take every core from the engine */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

/**
 * Measures tempo, beats, key, tuning and loudness in a process of its own: the engine goes on with the next song, and a
 * fault in here cannot end one. In the background it has a low priority.
 * @throws ProcessFailedError, ProcessTimeoutError, InvalidDocumentError, or the signal's reason
 */
export async function analyzeStems(
  { python, environment }: Pick<EngineConfig, 'python' | 'environment'>,
  { folder, mix, mixGainDb }: FetchedStems,
  { signal, isBackground }: { readonly signal: AbortSignal; readonly isBackground: boolean },
): Promise<Analysis> {
  const chunks: Buffer[] = [];
  const args = ['-m', 'separation_engine', 'analyze', folder, '--mix', mix, `--mix-gain-db=${mixGainDb}`];
  await runProcess(python, args, {
    env: { ...environment, ...ONE_THREAD },
    isBackground,
    timeoutMs: TIMEOUT_MS,
    graceMs: 0,
    signal,
    onStdout: (chunk) => {
      chunks.push(chunk);
    },
  });
  return parseAnalysis(Buffer.concat(chunks).toString());
}
