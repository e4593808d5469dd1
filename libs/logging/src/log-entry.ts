import { z } from 'zod';

/** key of the Redis Stream with the entries of all services */
export const LOG_STREAM = 'logging';

export type ServiceName = 'rest-server' | 'worker-server' | 'logs';

/** Texts as they are in the stream. Anyone can write to it, and malformed entries must show up too. */
const logEntrySchema = z.object({
  /** ISO 8601, UTC */
  time: z.string().default(''),
  level: z.string().default('info'),
  service: z.string().default('unknown'),
  /** host name: the pod's in a cluster */
  pod: z.string().default(''),
  message: z.string().default(''),
  requestId: z.string().exactOptional(),
  separationId: z.string().exactOptional(),
  /** with tracing only */
  traceId: z.string().exactOptional(),
  /** everything else that was logged with the message */
  fields: z.string().transform(parseFields).exactOptional(),
});

/** A log entry without its id in the stream. */
export type LogEntry = Readonly<z.output<typeof logEntrySchema>>;

/** longest message in characters: one line must not fill the stream */
const MAX_TEXT = 16_384;

/** Alternating names and values for XADD. */
export function toStreamFields(entry: LogEntry): string[] {
  const { fields, ...texts } = entry;
  const flat = Object.entries(texts).flatMap(([name, value]) => [name, cut(value)]);
  return fields === undefined ? flat : [...flat, 'fields', cut(JSON.stringify(fields))];
}

/** Never fails: anyone can write to the stream, and malformed entries must show up too. */
export function parseLogEntry(flat: readonly string[]): LogEntry {
  const pairs = flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []));
  return logEntrySchema.parse(Object.fromEntries(pairs));
}

function parseFields(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : { value };
  } catch {
    // cut at the length limit
    return { text: json };
  }
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
