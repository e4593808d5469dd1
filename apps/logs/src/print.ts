import type { Writable } from 'node:stream';
import { formatJsonLine, formatTextLine } from '@app/logging';
import type { LogReader, StreamEntry } from './log-reader.js';

export type LineFormat = 'text' | 'json';

/** Prints every entry, one line each with its id; an entry is acknowledged after the system has taken its line. */
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

/** resolves when the bytes have left this process; rejects when the output is gone */
function write(output: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
