import { WORKING_RATE } from '@app/audio';
import type { PreviewBlock } from '@app/separations';

/** samples of a block, but for the last one of a song */
const SHORTEST = 3 * WORKING_RATE;
/** a listener who comes late hears the song before all of it is encoded */
const LONGEST = 12 * WORKING_RATE;

/** How many samples must be final before a block that starts here can be made. */
export function enoughFor(from: number, total: number): number {
  return Math.min(from + SHORTEST, total);
}

/** The block after these. @param final samples that are final, at least `enoughFor` */
export function nextBlock(blocks: readonly PreviewBlock[], final: number): PreviewBlock {
  const from = blocks.at(-1)?.to ?? 0;
  return { n: blocks.length, from, to: Math.min(final, from + LONGEST) };
}
