import { StringDecoder } from 'node:string_decoder';

const MAX_LINE = 4096;

/** Cuts chunks of text into lines; of a line that is too long its start is given. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private line = '';

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  append(chunk: Buffer): void {
    if (this.onLine === undefined) return;
    const parts = this.decoder.write(chunk).split('\n');
    for (const [index, part] of parts.entries()) {
      if (index > 0) this.flush();
      if (this.line.length < MAX_LINE) this.line += part.slice(0, MAX_LINE - this.line.length);
    }
  }

  end(): void {
    if (this.line !== '') this.flush();
  }

  private flush(): void {
    this.onLine?.(this.line);
    this.line = '';
  }
}
