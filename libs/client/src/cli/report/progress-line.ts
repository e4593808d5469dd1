import { visible } from './visible.js';

const WIDTH = 30;

/** A line on stderr that overwrites itself on a terminal. Elsewhere it prints one line per step. */
export class ProgressLine {
  private readonly out = process.stderr;
  private last = '';
  private shown = '';

  bar(label: string, step: string, percent: number, rest = ''): void {
    const filled = Math.round((percent / 100) * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.write(label, step, `${step.padEnd(10)} ${bar} ${percent.toFixed(0).padStart(3)} %${rest}`);
  }

  /** @param kind stands for the facts where lines cannot be overwritten */
  write(song: string, kind: string, facts: string): void {
    const [label, step, text] = [visible(song), visible(kind), visible(facts)];
    if (`${label}${text}` === this.shown) return;
    this.shown = `${label}${text}`;
    if (this.out.isTTY) this.out.write(`\r\u001b[K${label}${text}`);
    else if (this.last !== `${label}${step}`) this.out.write(`${label}${step}\n`);
    this.last = `${label}${step}`;
  }

  /** Ends the line: what is printed next has one of its own. */
  end(): void {
    if (this.last !== '' && this.out.isTTY) this.out.write('\r\u001b[K');
    this.last = '';
    this.shown = '';
  }
}
