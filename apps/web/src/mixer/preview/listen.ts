import { api } from '../../api/client.js';
import type { SeparationId } from '../../api/contract.js';
import type { PreviewBlocks } from './preview-blocks.js';

/** Follows the preview of a running separation until it is stopped. @returns a function that stops it */
export function listen(id: SeparationId, blocks: PreviewBlocks): () => void {
  const stop = new AbortController();
  void follow(id, blocks, stop.signal);
  return () => {
    stop.abort();
  };
}

async function follow(id: SeparationId, blocks: PreviewBlocks, signal: AbortSignal): Promise<void> {
  try {
    const previews = api.previews(id, { signal, maxRetryMs: Infinity, shouldRetry: () => true });
    for await (const preview of previews) blocks.add(preview);
  } catch {
    // it was stopped; the updates of the song tell what is wrong
  }
}
