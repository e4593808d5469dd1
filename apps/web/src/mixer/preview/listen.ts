import type { SeparationId } from '../../api/contract.js';
import { previewEvents } from '../../api/events.js';
import { delay } from '../../api/delay.js';
import type { PreviewBlocks } from './preview-blocks.js';

const RETRY_MS = 2000;

/** Follows the preview of a running separation until it is stopped. @returns a function that stops it */
export function listen(id: SeparationId, blocks: PreviewBlocks): () => void {
  const stop = new AbortController();
  void follow(id, blocks, stop.signal);
  return () => {
    stop.abort();
  };
}

async function follow(id: SeparationId, blocks: PreviewBlocks, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const preview of previewEvents(id, signal)) blocks.add(preview);
    } catch {
      // the updates of the song tell what is wrong
    }
    await delay(RETRY_MS, signal);
  }
}
