import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ffmpeg } from '@app/audio';
import { mapLimited } from '@app/concurrency';
import type { Logger } from '@app/logging';
import type { ListenSignals, ListenWatch, PreviewBoard } from '@app/queue';
import { objectKeys, PREVIEW_GAIN_DB, type PreviewBlock, type SeparationId } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { dbToAmplitude } from '../separation/steps/decibels.js';
import type { StemFiles } from '../separation/steps/stem-files.js';
import type { StepContext } from '../separation/steps/step-context.js';
import { enoughFor, nextBlock } from './next-block.js';

const UPLOADS_AT_ONCE = 4;

interface PreviewParts {
  readonly store: ObjectStore;
  readonly ffmpeg: Ffmpeg;
  readonly listeners: ListenSignals;
  readonly board: PreviewBoard;
  readonly logger: Logger;
}

interface Step extends Pick<StepContext, 'scratch' | 'signal'> {
  /** called once the first block can be heard, if somebody waited for it */
  readonly onFirstSound?: () => void;
}

/**
 * Publishes what is final of growing stems while somebody listens, from the start. It only reads them: the engine and
 * the encoders do not know of it.
 */
export class PreviewPublisher {
  private readonly gain = dbToAmplitude(PREVIEW_GAIN_DB);

  constructor(private readonly parts: PreviewParts) {}

  /** Ends when all is published, or with the signal. Never rejects: the separation goes on without its preview. */
  async publish(id: SeparationId, stems: StemFiles, step: Step): Promise<void> {
    const watch = this.parts.listeners.watch(id);
    try {
      await this.publishBlocks(watch, stems, step);
    } catch (error) {
      if (!step.signal.aborted) this.parts.logger.warn('the preview ends', { error });
    } finally {
      watch.stop();
    }
  }

  /** Removes what was published of a separation that has ended. Never rejects: the reconciler removes what stays. */
  async remove(id: SeparationId): Promise<void> {
    const { board, store, logger } = this.parts;
    try {
      await Promise.all([board.clear(id), store.removeAll(objectKeys.previews(id))]);
    } catch (error) {
      logger.warn('the preview could not be removed', { error });
    }
  }

  private async publishBlocks(watch: ListenWatch, stems: StemFiles, step: Step): Promise<void> {
    const { written } = stems;
    // another name for each run: what a listener has of an earlier one never changes
    const attempt = randomBytes(6).toString('hex');
    const blocks: PreviewBlock[] = [];
    for (let done = 0; done < written.total; done = blocks.at(-1)?.to ?? 0) {
      const enough = enoughFor(done, written.total) - 1;
      await written.waitBeyond(enough, step.signal);
      const isAwaited = watch.isListened;
      await watch.untilListened(step.signal);
      const block = nextBlock(blocks, await written.waitBeyond(enough, step.signal));
      await this.store(watch.id, attempt, block, stems, step);
      blocks.push(block);
      await this.announce(watch.id, attempt, blocks, written.total);
      if (block.n === 0 && isAwaited) step.onFirstSound?.();
      if (block.n === 0) await this.removeEarlier(watch.id, attempt, step.signal);
    }
  }

  private async store(
    id: SeparationId,
    attempt: string,
    block: PreviewBlock,
    stems: StemFiles,
    step: Step,
  ): Promise<void> {
    const { ffmpeg, store } = this.parts;
    const { signal } = step;
    const folder = join(step.scratch, 'preview');
    await mkdir(folder, { recursive: true });
    const files = stems.names.map((stem) => ({
      wavPath: stems.pathOf(stem),
      // a folder store links it: no other block may be written into it
      destination: join(folder, `${stem}-${block.n}.flac`),
      key: objectKeys.previewBlock(id, attempt, stem, block.n),
    }));
    const { gain } = this;
    await ffmpeg.encodeStretches({ ...block, gain, written: stems.written, stems: files }, { signal });
    await mapLimited(files, UPLOADS_AT_ONCE, signal, async ({ key, destination }, either) => {
      await store.putFile(key, destination, { signal: either });
    });
    await rm(folder, { recursive: true });
  }

  private async announce(
    id: SeparationId,
    attempt: string,
    blocks: readonly PreviewBlock[],
    samples: number,
  ): Promise<void> {
    await this.parts.board.publish(id, { attempt, blocks, samples }).catch((error: unknown) => {
      // the next block announces this one too
      this.parts.logger.warn('a block of the preview could not be announced', { error });
    });
  }

  /** Of a worker that was lost: this run publishes them again. */
  private async removeEarlier(id: SeparationId, attempt: string, signal: AbortSignal): Promise<void> {
    const { store } = this.parts;
    for await (const name of store.listFolders(objectKeys.previews(id), { signal })) {
      if (name !== attempt) await store.removeAll(objectKeys.preview(id, name), { signal });
    }
  }
}
