import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { EngineProtocolError } from './engine.errors.js';

/**
 * The nonempty lines of a stream, without their line ends. Memory is bounded by `maxLength` characters per line.
 * `cut` truncates a longer line. @throws EngineProtocolError for a longer line with `refuse`.
 */
export async function* readLines(
  source: Readable,
  maxLength: number,
  whenTooLong: 'refuse' | 'cut',
): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  for await (const chunk of source) {
    const [first = '', ...others] = decoder.write(chunk as Buffer).split('\n');
    line = bounded(line + first, maxLength, whenTooLong);
    for (const next of others) {
      if (line !== '') yield line;
      line = bounded(next, maxLength, whenTooLong);
    }
  }
  if (line !== '') yield line;
}

function bounded(line: string, maxLength: number, whenTooLong: 'refuse' | 'cut'): string {
  if (line.length <= maxLength) return line;
  if (whenTooLong === 'refuse') throw new EngineProtocolError(`a line of the engine is longer than ${maxLength}`);
  return line.slice(0, maxLength);
}
