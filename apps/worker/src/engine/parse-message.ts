import { EngineProtocolError } from './engine.errors.js';
import { engineMessage, type EngineMessage } from './protocol.js';

/** Ignores unknown fields. @throws EngineProtocolError if the line is not a message. */
export function parseEngineMessage(line: string): EngineMessage {
  const { data } = engineMessage.safeParse(parseJson(line));
  if (data === undefined) throw new EngineProtocolError(`the engine wrote an invalid line: ${line.slice(0, 200)}`);
  return data;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
