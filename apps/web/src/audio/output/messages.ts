import type { Command, MixerOptions, Report } from '../mixing/protocol.js';

/** A message to the audio worklet. */
export type WorkletMessage = Command | { readonly type: 'close' };

/** A message to the worker. */
export type WorkerMessage =
  | { readonly type: 'open'; readonly options: MixerOptions }
  /** audio that changes nothing that was rendered */
  | { readonly type: 'audio'; readonly command: Command }
  /** asks for blocks, and goes back to the first if it was rendered before; the commands come first */
  | { readonly type: 'render'; readonly index: number; readonly commands: readonly Command[] };

/** A block of the mix, rendered ahead of its time. */
export interface Block {
  readonly index: number;
  readonly left: Float32Array<ArrayBuffer>;
  readonly right: Float32Array<ArrayBuffer>;
  /** the state at its end */
  readonly report: Report;
}

/** Blocks of one answer: a page that is busy right after a command still has a quarter of a second. */
export const BLOCKS_AT_ONCE = 8;

/** samples of a block: 35 ms, and a multiple of the mixer's quantum */
export const BLOCK_SAMPLES = 1536;

/** The buffers that a command hands over instead of copying. */
export function transferOf(command: Command): ArrayBufferLike[] {
  return command.type === 'segment' ? [command.segment.left.buffer, command.segment.right.buffer] : [];
}
