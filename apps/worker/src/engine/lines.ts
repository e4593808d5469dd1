import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { EngineProtocolError } from './engine.errors.js';

/**
 * The lines of a stream, without their ends; memory is bounded by the longest line.
 * `whenTooLong: 'cut'` gives the first `maxLength` characters of a longer line and drops the rest.
 * @throws EngineProtocolError for a longer line where it is `'refuse'`.
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
