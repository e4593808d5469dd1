import { join } from 'node:path';
import type { Ffmpeg } from '@app/audio';
import { withTaskGroup, type Semaphore } from '@app/concurrency';
import type { LimitsConfig } from '@app/config';
import { runWithLogContext, type Logger } from '@app/logging';
import type { JobContext, SeparationJob } from '@app/queue';
import { endingOf, needsRun, SeparationEndedError, type SeparationStore } from '@app/separation-store';
import type { Manifest, StoredRequest } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { addSpan, inSpan } from '@app/tracing';
import type { Engines } from '../engine/engines.js';
import { toJobError } from './failures.js';
import type { PreviewPublisher } from '../preview/preview-publisher.js';
import type { Scratch } from './scratch.js';
import { StageTimer } from './stage-timer.js';
import { commitWork } from './steps/commit.step.js';
import { decodeSong } from './steps/decode.step.js';
import { encodeStems } from './steps/encode.step.js';
import { fetchSong } from './steps/fetch.step.js';
import { encodeOriginal } from './steps/original.step.js';
import { ProgressReporter } from './steps/progress-reporter.js';
import { separateMix } from './steps/separate.step.js';
import { StemFiles } from './steps/stem-files.js';
import type { StepContext } from './steps/step-context.js';
import { ObjectUploads } from './steps/store.step.js';
import { drawWaveform } from './steps/waveform.step.js';

interface ProcessorParts {
  readonly separations: SeparationStore;
  readonly store: ObjectStore;
  readonly ffmpeg: Ffmpeg;
  readonly engine: Pick<Engines, 'separate'>;
  readonly previews: PreviewPublisher;
  /** separations at once in all engines; other jobs fetch, decode, encode and store meanwhile */
  readonly enginePermits: Semaphore;
  readonly scratch: Scratch;
  readonly limits: Pick<LimitsConfig, 'maxDurationSeconds'>;
  /** somebody waited for the first part of this song, and can hear it now */
  readonly onFirstSound?: (request: StoredRequest) => void;
  readonly logger: Logger;
}

/**
 * Runs one job: fetches and decodes the song, separates it while finished parts are encoded and stored, then commits.
 * Every step may run twice.
 */
export class SeparationProcessor {
  constructor(private readonly parts: ProcessorParts) {}

  /** @throws PermanentJobError, RetryableJobError, or the signal's reason */
  async handle(job: SeparationJob, context: JobContext): Promise<void> {
    const { id: separationId, requestId } = job;
    await runWithLogContext({ requestId, separationId }, async () => {
      try {
        await inJobSpan(job, context, () => this.attempt(job, context));
      } catch (error) {
        context.signal.throwIfAborted();
        const failure = toJobError(error);
        // an unforeseen error needs its stack; the others explain themselves
        const details = failure.code === 'internal' ? { error } : {};
        const reason = error instanceof Error ? error.message : failure.message;
        this.parts.logger.warn(`attempt ${context.attempt} failed: ${failure.code}: ${reason}`, details);
        throw failure;
      }
    });
  }

  private async attempt(job: SeparationJob, context: JobContext): Promise<void> {
    const { signal, attempt } = context;
    const { separations, scratch, previews, logger } = this.parts;
    const stored = await separations.find(job.id, { signal, isForWork: true });
    if (stored === undefined || !needsRun(stored)) {
      logger.info(`nothing to do: the separation is ${(stored && endingOf(stored)?.status) ?? 'removed'}`);
      // its worker was lost before it could
      await previews.remove(job.id);
      return;
    }
    const { request } = stored;
    logger.info(`separating ${request.durationSeconds.toFixed(1)} s with ${request.model}, attempt ${attempt}`);
    const folder = await scratch.create(job.id);
    try {
      const progress = new ProgressReporter((report) => context.reportProgress(report));
      const manifest = await this.separate(request, { scratch: folder.path, signal, progress });
      await previews.remove(job.id);
      logger.info('completed', { seconds: manifest.seconds, warnings: manifest.warnings });
    } catch (error) {
      if (!(error instanceof SeparationEndedError)) throw error;
      logger.info(`discarding the result: ${error.message}`);
      // what this leaves goes with the separation, or with the next run
      await separations.removeResults(job).catch((cause: unknown) => {
        logger.warn('the results could not be removed', { error: cause });
      });
      if (error.state === 'completed') await previews.remove(job.id);
    } finally {
      await folder.remove();
    }
  }

  private async separate(request: StoredRequest, step: StepContext): Promise<Manifest> {
    const { separations, store, ffmpeg, engine, enginePermits, previews, limits, logger } = this.parts;
    const startedAt = new Date();
    const timer = new StageTimer();
    const song = await timer.time('fetch', () => fetchSong(store, request, step));
    const mix = await timer.time('decode', () =>
      decodeSong(ffmpeg, song, { ...limits, track: request.track }, step, logger),
    );
    const stems = new StemFiles(join(step.scratch, 'stems'), request.stems, mix.samples);
    const work = await withTaskGroup(step.signal, async (group) => {
      const { signal } = group;
      const uploads = new ObjectUploads(request.id, store, group);
      if (mix.cover !== undefined) uploads.add(mix.cover);
      const original = group.start(async () => {
        uploads.add(await encodeOriginal(ffmpeg, mix, { ...step, signal }));
      });
      const encoding = group.start(() =>
        encodeStems(ffmpeg, request, stems, { ...step, signal }, (file) => {
          uploads.add(file);
        }),
      );
      const preview = new AbortController();
      const listening = { scratch: step.scratch, signal: AbortSignal.any([signal, preview.signal]) };
      const onFirstSound = (): void => this.parts.onFirstSound?.(request);
      void group.start(() => previews.publish(request.id, stems, { ...listening, onFirstSound }));
      const drawing = group.start(() => drawWaveform(request, stems, signal));
      const decodedAt = new Date();
      const separated = await enginePermits.run(() => {
        addSpan('engine wait', { startedAt: decodedAt, endedAt: new Date() });
        return timer.time('separate', () => separateMix(engine, request, mix, stems, { ...step, signal }));
      }, signal);
      // encode and store only count what remains: they overlap with the separation
      step.progress.report('encode', 0, 1);
      const [waveform] = await timer.time('encode', () => Promise.all([drawing, encoding, original]));
      const files = await timer.time('store', () => uploads.finish(waveform, step.progress));
      // the result does not wait for it
      preview.abort();
      return { separated, waveform, files };
    });
    const about = { request, mix, ffmpeg: await ffmpeg.version(), seconds: timer.seconds, startedAt };
    return inSpan('commit', {}, () => commitWork(separations, { ...about, ...work }, step));
  }
}

/** Continues the trace of the upload. */
function inJobSpan(job: SeparationJob, { attempt, queuedAt }: JobContext, work: () => Promise<void>): Promise<void> {
  const { id, model, durationSeconds, traceparent: parent } = job;
  if (queuedAt !== undefined) addSpan('queue wait', { parent, startedAt: queuedAt, endedAt: new Date() });
  const attributes = {
    'separation.id': id,
    'separation.model': model,
    'separation.attempt': attempt,
    'song.seconds': durationSeconds,
  };
  return inSpan('separation', { kind: 'consumer', parent, attributes }, work);
}
