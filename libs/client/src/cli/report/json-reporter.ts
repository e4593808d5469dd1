import type { EndEvent, Reporter, SongEvent } from './song-event.js';
import { visibleJson } from './visible.js';

/** One JSON object a line on stdout, for programs. */
export class JsonReporter implements Reporter {
  report(event: SongEvent): void {
    print(event);
  }

  note(message: string): void {
    print({ event: 'note', message });
  }

  end(event: EndEvent): void {
    print(event);
  }
}

function print(event: object): void {
  process.stdout.write(`${visibleJson(event)}\n`);
}
