import type { EndEvent, Reporter, SongEvent } from './song-event.js';

/** Tells of each failure once, however often it is tried again. */
export class OnceReporter implements Reporter {
  /** by song */
  private readonly failures = new Map<string, string>();
  private readonly notes = new Set<string>();

  constructor(private readonly reporter: Reporter) {}

  report(event: SongEvent): void {
    if (event.event === 'failed') {
      if (this.failures.get(event.song) === event.message) return;
      this.failures.set(event.song, event.message);
    } else if (event.event === 'written') this.failures.delete(event.song);
    this.reporter.report(event);
  }

  note(message: string): void {
    if (this.notes.has(message)) return;
    this.notes.add(message);
    this.reporter.note(message);
  }

  end(event: EndEvent): void {
    this.reporter.end(event);
  }
}
