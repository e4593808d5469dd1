// the light format: blocks of MP3 for listening on slow lines, made from a master when they are asked for

/** per channel, of every block but the last */
export const LIGHT_BLOCK_SAMPLES = 131_072;

/**
 * Samples of the song that a file has in addition on either side of its block, as far as there are any: a decoder needs
 * those before it, and the ends of two blocks can be joined.
 */
export const LIGHT_MARGIN_SAMPLES = 4096;

/** @param samples of the song, per channel */
export function lightBlocks(samples: number): number {
  return Math.ceil(samples / LIGHT_BLOCK_SAMPLES);
}
