import type { Ffmpeg } from '@app/audio';
import type { EngineConfig } from '@app/config';
import { runWithLogContext, type Logger } from '@app/logging';
import type { AnalysisContext, AnalysisJob } from '@app/queue';
import type { SeparationStore } from '@app/separation-store';
import type { ObjectStore } from '@app/storage';
import type { Scratch } from '../separation/scratch.js';
import { analyzeStems } from './analyze-stems.js';
import { fetchStems } from './fetch-stems.js';

interface AnalysisParts {
  readonly config: Pick<EngineConfig, 'python' | 'environment'>;
  readonly separations: SeparationStore;
  readonly store: ObjectStore;
  readonly ffmpeg: Ffmpeg;
  readonly scratch: Scratch;
  readonly logger: Logger;
}

/** Analyzes one completed separation, and stores what it finds. It may run twice. */
export class AnalysisProcessor {
  constructor(private readonly parts: AnalysisParts) {}

  /** @throws what speaks against this attempt, or the signal's reason */
  async handle({ id: separationId, requestId }: AnalysisJob, context: AnalysisContext): Promise<void> {
    await runWithLogContext({ requestId, separationId }, async () => {
      try {
        await this.analyze(separationId, context);
      } catch (error) {
        context.signal.throwIfAborted();
        this.parts.logger.warn('the song could not be analyzed', { error });
        throw error;
      }
    });
  }

  private async analyze(id: AnalysisJob['id'], { signal, isAwaited }: AnalysisContext): Promise<void> {
    const { config, separations, store, ffmpeg, scratch, logger } = this.parts;
    const stored = await separations.find(id, { signal, isForWork: true });
    // it was removed meanwhile
    if (stored?.manifest === undefined) return;
    if ((await separations.findAnalysis(id, { signal })) !== undefined) return;
    const startedAt = performance.now();
    const { request, manifest } = stored;
    const folder = await scratch.create(id);
    try {
      const stems = await fetchStems(store, ffmpeg, { request, manifest }, folder.path, signal);
      await separations.writeAnalysis(request, await analyzeStems(config, stems, { signal, isBackground: !isAwaited }));
    } finally {
      await folder.remove();
    }
    logger.info(`analyzed in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }
}
