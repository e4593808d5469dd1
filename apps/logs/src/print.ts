import type { Writable } from 'node:stream';
import { formatJsonLine, formatTextLine } from '@app/logging';
import type { LogReader, StreamEntry } from './log-reader.js';

type LineFormat = 'text' | 'json';

/** Prints each entry as one line with its id, and acknowledges it once the line is written. */
export async function printEntries(
  reader: LogReader,
  output: Writable,
  format: LineFormat,
  signal: AbortSignal,
): Promise<void> {
  for await (const batch of reader.batches(signal)) {
    await write(output, batch.map((line) => formatLine(line, format)).join(''));
    await reader.acknowledge(batch);
  }
}

function formatLine({ id, entry }: StreamEntry, format: LineFormat): string {
  return `${format === 'json' ? formatJsonLine(entry, id) : formatTextLine(entry, id)}\n`;
}

/** Resolves when the text has left this process, and rejects if the output is closed. */
function write(output: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
