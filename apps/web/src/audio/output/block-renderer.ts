import { Mixer, QUANTUM } from '../mixing/mixer.js';
import type { Command, MixerOptions } from '../mixing/protocol.js';
import { crossfade } from '../mixing/voice-change.js';
import { BLOCK_SAMPLES, type Block } from './messages.js';

/** blocks it can go back: more than are ever scheduled */
const MAX_MARKS = 64;

/** A block that was rendered, and the way back to its start. */
interface Mark {
  /** @returns whether the sound goes on from there as it did */
  readonly restore: () => boolean;
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Renders the mix in numbered blocks, ahead of their time. A command may change blocks that were rendered already. */
export class BlockRenderer {
  private readonly mixer: Mixer;
  private readonly marks = new Map<number, Mark>();
  private next = 0;

  constructor(options: MixerOptions) {
    this.mixer = new Mixer(options);
  }

  execute(command: Command): void {
    this.mixer.execute(command);
  }

  /** Executes commands at the start of a block and renders it. @throws RangeError for a block too far back, or ahead */
  render(index: number, commands: readonly Command[]): Block {
    const replaced = index === this.next ? undefined : this.goBack(index);
    for (const command of commands) this.mixer.execute(command);
    const restore = this.mixer.mark();
    const left = new Float32Array(BLOCK_SAMPLES);
    const right = new Float32Array(BLOCK_SAMPLES);
    for (let at = 0; at < BLOCK_SAMPLES; at += QUANTUM) {
      this.mixer.render(left.subarray(at, at + QUANTUM), right.subarray(at, at + QUANTUM));
    }
    const block = { index, left, right, report: this.mixer.report() };
    if (replaced !== undefined) fadeFrom(replaced, block);
    // copies, because the page takes the block
    this.marks.set(index, { restore, left: left.slice(), right: right.slice() });
    this.marks.delete(index - MAX_MARKS);
    this.next = index + 1;
    return block;
  }

  /** @returns the block that was rendered first, unless the sound before it goes on in the new one just as well */
  private goBack(index: number): Mark | undefined {
    const mark = this.marks.get(index);
    if (mark === undefined || index > this.next) throw new RangeError(`block ${index} is not in reach`);
    return mark.restore() ? undefined : mark;
  }
}

/** The block before ends where the replaced one starts. */
function fadeFrom(replaced: Mark, block: Block): void {
  for (const side of ['left', 'right'] as const) {
    const joined = replaced[side].slice();
    crossfade(joined, block[side]);
    block[side].set(joined);
  }
}
