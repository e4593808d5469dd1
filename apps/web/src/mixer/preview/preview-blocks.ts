import { signal } from '@preact/signals';
import type { Preview, PreviewBlock, Separation } from '../../api/contract.js';

/** What can be heard of a song that is still being separated, until its stems are complete. */
export class PreviewBlocks {
  /** length of the song; 0 until there is a block */
  readonly samples = signal(0);
  /** samples from the start that could be heard so far */
  readonly edge = signal(0);
  /** set once the stems are complete */
  completed: Separation | undefined;
  private run = '';
  private blocks: readonly PreviewBlock[] = [];

  /** Another run starts over: what was loaded of an earlier one stays in the mixer. */
  add({ attempt, blocks, samples }: Preview): void {
    const known = attempt === this.run ? this.blocks.filter(({ n }) => blocks.every((block) => block.n !== n)) : [];
    this.run = attempt;
    this.blocks = [...known, ...blocks].sort((a, b) => a.n - b.n);
    this.edge.value = Math.max(this.edge.value, this.blocks.at(-1)?.to ?? 0);
    this.samples.value = samples;
  }

  /** From now on the complete stems are read. */
  complete(song: Separation): void {
    this.completed = song;
    this.edge.value = this.samples.value;
  }

  get attempt(): string {
    return this.run;
  }

  /** The blocks of a stretch; undefined where one is missing. */
  find(from: number, to: number): readonly PreviewBlock[] | undefined {
    const found = this.blocks.filter((block) => block.from < to && block.to > from);
    const samples = found.reduce((sum, block) => sum + Math.min(block.to, to) - Math.max(block.from, from), 0);
    return samples === to - from ? found : undefined;
  }

  /** Forgets the blocks of a run that is gone. Another run, or the complete stems, come. */
  forget(attempt: string): void {
    if (attempt === this.run) this.blocks = [];
  }
}
