import type { Preview, Separation } from '@app/separations';

interface Opening {
  readonly headers?: Record<string, string>;
  readonly query?: string;
}

/** A client that collects the events of a stream until the server ends it. */
export class EventReader {
  readonly states: Separation[] = [];
  readonly previews: Preview[] = [];
  readonly ended: Promise<void>;
  private readonly gone = new AbortController();

  constructor(answer: Promise<Response>) {
    this.ended = this.read(answer);
  }

  static open(port: number, id: string, { headers = {}, query = '' }: Opening = {}): EventReader {
    const gone = new AbortController();
    const reader = new EventReader(
      fetch(`http://127.0.0.1:${port}/v1/separations/${id}/events${query}`, { headers, signal: gone.signal }),
    );
    reader.gone.signal.addEventListener('abort', () => {
      gone.abort();
    });
    return reader;
  }

  leave(): void {
    this.gone.abort();
  }

  get last(): Separation | undefined {
    return this.states.at(-1);
  }

  private async read(answer: Promise<Response>): Promise<void> {
    let rest = '';
    const body = (await answer).body?.pipeThrough(new TextDecoderStream()) ?? [];
    for await (const text of body) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^event: state\nid: \w+\ndata: (.*)$/.exec(block)?.[1];
        if (data !== undefined) this.states.push(JSON.parse(data) as Separation);
        // without an id: the last one that a browser sends again is that of a state
        const preview = /^event: preview\ndata: (.*)$/.exec(block)?.[1];
        if (preview !== undefined) this.previews.push(JSON.parse(preview) as Preview);
      }
    }
  }
}
