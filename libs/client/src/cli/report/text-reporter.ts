import { join } from 'node:path';
import { ProgressLine } from './progress-line.js';
import type { EndEvent, Reporter, SongEvent } from './song-event.js';
import { visible } from './visible.js';

/** ships with the service, for trying it out */
const DEMO_MODEL = 'demo';

interface TextReporterOptions {
  /** one song of which nothing else needs to be told */
  readonly isSingle: boolean;
  /** for a log: prints one line for each song, and no progress */
  readonly isUnattended: boolean;
}

/** Progress and failures on stderr, the path of each written file on stdout. */
export class TextReporter implements Reporter {
  private readonly line = new ProgressLine();
  /** several songs are on their way: the line shows one until it has ended */
  private shown: string | undefined;

  constructor(private readonly options: TextReporterOptions) {}

  report(event: SongEvent): void {
    const { song } = event;
    switch (event.event) {
      case 'written':
        this.finish(song);
        if (this.options.isUnattended) {
          this.note(`${song}: its stems are in ${event.folder}`);
          return;
        }
        if (event.model === DEMO_MODEL)
          this.note('These stems come from the small demo model. It is only for trying the service.');
        for (const file of event.files) printPath(join(event.folder, file));
        return;
      case 'skipped':
        this.finish(song);
        this.note(`${song}: ${event.reason}`);
        return;
      case 'failed':
        this.finish(song);
        this.note(`${this.label(song)}${event.message} (${event.code})`);
        return;
      default:
        this.shown ??= song;
        if (this.shown === song && (!this.options.isUnattended || event.event === 'away')) this.progress(event);
    }
  }

  note(message: string): void {
    this.line.end();
    process.stderr.write(`${visible(message)}\n`);
  }

  end({ written, skipped, failed }: EndEvent): void {
    this.line.end();
    if (!this.options.isSingle) this.note(`${written} written, ${skipped} skipped, ${failed} failed`);
  }

  private progress(event: Exclude<SongEvent, { readonly event: 'written' | 'skipped' | 'failed' }>): void {
    const label = this.label(event.song);
    switch (event.event) {
      case 'uploading':
        this.line.bar(label, 'uploading', (100 * event.sentBytes) / Math.max(1, event.bytes));
        return;
      case 'queued': {
        const place = event.position === null ? '' : `, place ${event.position}`;
        const eta = event.etaSeconds === null ? '' : `, about ${duration(event.etaSeconds)}`;
        this.line.write(label, 'waiting', `waiting${place}${eta}`);
        return;
      }
      case 'processing': {
        const left = event.etaSeconds === null ? '' : ` ${duration(event.etaSeconds)} left`;
        this.line.bar(label, event.stage, event.percent, left);
        return;
      }
      case 'away':
        this.line.write(label, 'trying again', `${event.message} Trying again`);
    }
  }

  private label(song: string): string {
    return this.options.isSingle ? '' : `${song}: `;
  }

  private finish(song: string): void {
    this.line.end();
    if (this.shown === song) this.shown = undefined;
  }
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Programs get it as it is. */
function printPath(path: string): void {
  process.stdout.write(`${process.stdout.isTTY ? visible(path) : path}\n`);
}
