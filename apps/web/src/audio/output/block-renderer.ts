import { Mixer, QUANTUM } from '../mixing/mixer.js';
import type { Command, MixerOptions } from '../mixing/protocol.js';
import { BLOCK_SAMPLES, type Block } from './messages.js';

/** blocks it can go back: more than are ever scheduled */
const MAX_MARKS = 64;

/** Renders the mix in numbered blocks, ahead of their time. A command may change blocks that were rendered already. */
export class BlockRenderer {
  private readonly mixer: Mixer;
  /** goes back to the start of a block */
  private readonly marks = new Map<number, () => void>();
  private next = 0;

  constructor(options: MixerOptions) {
    this.mixer = new Mixer(options);
  }

  execute(command: Command): void {
    this.mixer.execute(command);
  }

  /** Executes commands at the start of a block and renders it. @throws RangeError for a block too far back, or ahead */
  render(index: number, commands: readonly Command[]): Block {
    if (index !== this.next) this.goBack(index);
    for (const command of commands) this.mixer.execute(command);
    this.marks.set(index, this.mixer.mark());
    this.marks.delete(index - MAX_MARKS);
    this.next = index + 1;
    const left = new Float32Array(BLOCK_SAMPLES);
    const right = new Float32Array(BLOCK_SAMPLES);
    for (let at = 0; at < BLOCK_SAMPLES; at += QUANTUM) {
      this.mixer.render(left.subarray(at, at + QUANTUM), right.subarray(at, at + QUANTUM));
    }
    return { index, left, right, report: this.mixer.report() };
  }

  private goBack(index: number): void {
    const restore = this.marks.get(index);
    if (restore === undefined || index > this.next) throw new RangeError(`block ${index} is not in reach`);
    restore();
  }
}
