import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { EngineProtocolError } from './engine.errors.js';
import { parseEngineMessage } from './parse-message.js';
import { engineCommand, engineMessage, PROTOCOL_VERSION } from './protocol.js';

const SCHEMA = 'engine/src/separation_engine/serving/protocol.schema.json';

const examples = async (name: string): Promise<string[]> =>
  (await readFile(`engine/protocol/examples/${name}.jsonl`, 'utf8')).trimEnd().split('\n');

describe("the engine's protocol", () => {
  it('is the schema that the engine packages; `npm run protocol` writes it', async () => {
    const [command, message] = [engineCommand, engineMessage].map((of) => z.toJSONSchema(of, { io: 'input' }));
    const schema = `${JSON.stringify({ version: PROTOCOL_VERSION, command, message }, undefined, 2)}\n`;
    if (process.env['WRITE_PROTOCOL'] !== undefined) await writeFile(SCHEMA, schema);
    expect(await readFile(SCHEMA, 'utf8')).toBe(schema);
  });

  it('reads every recorded message whole', async () => {
    const lines = await examples('messages');
    expect(lines.map(parseEngineMessage)).toEqual(lines.map((line): unknown => JSON.parse(line)));
    const types = lines.map((line) => parseEngineMessage(line).type);
    expect([...new Set(types)].sort()).toEqual(['error', 'heartbeat', 'progress', 'ready', 'result']);
  });

  it('refuses every invalid message', async () => {
    const lines = await examples('invalid-messages');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(() => parseEngineMessage(line)).toThrow(EngineProtocolError);
  });

  it('ignores unknown fields', () => {
    const beat = { type: 'heartbeat', memoryBytes: 1, cpuSeconds: 0.5, step: null, expectedCpuSeconds: null };
    expect(parseEngineMessage(JSON.stringify({ ...beat, mood: 'good' }))).toEqual(beat);
  });

  it('has the commands that were recorded, and not the invalid ones', async () => {
    for (const line of await examples('commands')) expect(engineCommand.parse(JSON.parse(line))).toBeDefined();
    const accepted = (await examples('invalid-commands')).filter((line) => isCommand(line));
    expect(accepted).toEqual([]);
  });
});

function isCommand(line: string): boolean {
  try {
    return engineCommand.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}
